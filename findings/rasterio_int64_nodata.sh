#!/usr/bin/env bash
# The no-data value of a 64-bit GeoTIFF written by rasterio comes back as another value.
#
# Guess:  int64 rasters hold whole numbers, so nodata=2**60 is written as that number, and pixels
#         that have it are masked when the file is read again.
# Real:   rasterio hands the value to GDAL as a double, and GDAL writes "1.152921504606847e+18"
#         into the tag. Read again as a whole number it ends at the point: nodata is 1.0. Pixels with
#         the value 1 are masked, and those that were marked as no data count as data. No warning.
#         A value below 2**53 comes back as it was.
# Seen:   rasterio 1.4.4 (GDAL 3.10.3), numpy 2.4.6, Python 3.11, Linux x86-64:
#         nodata 4503599627370496 -> 4503599627370496.0, masked [True, False, False]
#         nodata 1152921504606846976 -> 1.0, masked [False, True, False]
# Fails where that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q rasterio==1.4.4 numpy==2.4.6
cat > "$folder/try.py" <<'PYTHON'
import sys
import warnings

import numpy as np
import rasterio

warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
print("GDAL", rasterio.__gdal_version__)
found = []
for nodata in (2**52, 2**60):
    path = f"{sys.argv[1]}/{nodata}.tif"
    how = {"driver": "GTiff", "count": 1, "height": 1, "width": 3, "dtype": "int64"}
    with rasterio.open(path, "w", nodata=nodata, **how) as out:
        out.write(np.array([[[nodata, 1, 2]]], np.int64))
    with rasterio.open(path) as again:
        assert again.read(1).tolist() == [[nodata, 1, 2]]
        masked = (again.read_masks(1)[0] == 0).tolist()
        print(f"nodata {nodata} -> {again.nodata}, masked {masked}")
        found.append((again.nodata, masked))
right = [(2.0**52, [True, False, False]), (1.0, [False, True, False])]
sys.exit(found != right)
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder"
