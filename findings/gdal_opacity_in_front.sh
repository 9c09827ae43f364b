#!/usr/bin/env bash
# A GeoTIFF with its opacity in front of the colours (alpha, red, green, blue), as GDAL writes it.
#
# Guess: the tag ExtraSamples says which sample is opacity, as TIFF 6.0 defines it; a reader of TIFF
#   needs nothing else.
# Real: ExtraSamples describes the last samples only, so opacity in front cannot be said there. GDAL
#   calls the last sample (blue) unassociated alpha, and writes the truth as XML into its own tag
#   42112. GDAL reads that again; whoever trusts ExtraSamples takes blue for the opacity, and the
#   opacity for a colour, without any error.
# Seen with: rasterio 1.4.4 (GDAL 3.10.3), tifffile 2026.3.3, Python 3.11, Linux.
# Output seen:
#   ExtraSamples: [0, 0, 2]
#   GDAL: ['alpha', 'red', 'green', 'blue']
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet rasterio==1.4.4 tifffile==2026.3.3
cat > "$here/look.py" <<'PYTHON'
import sys
import warnings

import numpy
import rasterio
import tifffile
from rasterio.enums import ColorInterp

warnings.simplefilter("ignore")
path = f"{sys.argv[1]}/a.tif"
how = {"driver": "GTiff", "width": 8, "height": 8, "count": 4, "dtype": "uint8"}
with rasterio.open(path, "w", **how) as out:
    names = ("alpha", "red", "green", "blue")
    out.colorinterp = [ColorInterp[name] for name in names]
    out.write(numpy.ones((4, 8, 8), "uint8"))
with tifffile.TiffFile(path) as tiff:
    extra = [int(kind) for kind in tiff.pages[0].extrasamples]
with rasterio.open(path) as there:
    roles = [role.name for role in there.colorinterp]
print("ExtraSamples:", extra)
print("GDAL:", roles)
sys.exit(extra != [0, 0, 2] or roles != list(names))
PYTHON
"$here/venv/bin/python" "$here/look.py" "$here"
