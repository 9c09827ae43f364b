#!/usr/bin/env bash
# Polygons that rasterio makes of a label image, as a coverage for shapely.
#
# Guess: rasterio.features.shapes() of an image whose every pixel has a label gives polygons that tile
#   the plane: no overlap, no gap, every border shared. So they are a valid coverage, which
#   shapely.coverage_simplify() needs to keep borders shared.
# Real: GDAL leaves out corners where an outline goes straight on. Where three labels meet, one of them
#   has no corner: the edge of the one is two edges of the others. Each polygon is valid and the areas
#   add up, but coverage_is_valid() is False and stays False after coverage_simplify(), which keeps
#   corners that a matched coverage would lose. A reprojection, which moves corners alone, opens
#   slivers there. With a corner at every pixel (segmentize by 1, then round) the coverage is valid.
# Seen with: rasterio 1.4.4 (GDAL 3.10.3), shapely 2.2.0 (GEOS 3.14.1), Python 3.11, Linux.
# Output seen:
#   as from rasterio: polygons valid True, coverage valid False, simplified False
#   a corner a pixel: polygons valid True, coverage valid True, simplified True
# Fails where that changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/python" -m pip install -q rasterio==1.4.4 shapely==2.2.0 numpy==2.4.6
cat > "$here/try.py" <<'PYTHON'
import sys

import numpy as np
import rasterio.features
import shapely

labels = np.array([[1] * 6] * 3 + [[2, 2, 2, 3, 3, 3]] * 3, np.int32)
polygons = [shapely.geometry.shape(found) for found, _ in rasterio.features.shapes(labels)]
fine = shapely.transform(shapely.segmentize(polygons, 1.0), np.round)
seen = []
for name, each in (("as from rasterio", polygons), ("a corner a pixel", fine)):
    valid = bool(shapely.is_valid(each).all())
    coverage = bool(shapely.coverage_is_valid(each))
    simplified = bool(shapely.coverage_is_valid(shapely.coverage_simplify(each, 1.0)))
    seen.append((valid, coverage, simplified))
    print(f"{name}: polygons valid {valid}, coverage valid {coverage}, simplified {simplified}")
assert shapely.area(polygons).sum() == labels.size
sys.exit(seen != [(True, False, False), (True, True, True)])
PYTHON
"$here/venv/bin/python" "$here/try.py" "$here"
