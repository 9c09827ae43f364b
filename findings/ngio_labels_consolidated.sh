#!/usr/bin/env bash
# Labels that ngio adds to an OME-Zarr whose metadata are consolidated, as zarr and xarray write them.
#
# Guess: derive_label() adds the group labels/nuclei to the image, so whoever opens the image with zarr
#   finds it there.
# Real: the labels are on the disk, and in the list of labels, but the consolidated metadata of the image
#   (.zmetadata in zarr 2, zarr.json in zarr 3) stay as they were. zarr.open_group() trusts them by
#   default: for it the image has no labels, and no warning says so. ngio itself, which does not look
#   at consolidated metadata, finds them; so does zarr with use_consolidated=False.
# Seen with: ngio 1.1.3, zarr 3.1.6, Python 3.11, Linux.
# Output seen:
#   0.4: ngio lists ['nuclei'], zarr finds labels False, without consolidated metadata True
#   0.5: ngio lists ['nuclei'], zarr finds labels False, without consolidated metadata True
# Fails where that changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/python" -m pip install -q ngio==1.1.3 zarr==3.1.6
cat > "$here/try.py" <<'PYTHON'
import sys
import warnings

import numpy as np
import zarr
from ngio import create_ome_zarr_from_array, open_ome_zarr_container

warnings.simplefilter("ignore")
found = []
for version in ("0.4", "0.5"):
    path = f"{sys.argv[1]}/{version}.zarr"
    pixels = np.zeros((64, 64), np.uint8)
    create_ome_zarr_from_array(
        path, pixels, pixelsize=0.5, axes_names="yx", ngff_version=version, levels=1
    )
    zarr.consolidate_metadata(path)
    open_ome_zarr_container(path).derive_label("nuclei")
    seen = (
        open_ome_zarr_container(path).list_labels(),
        "labels" in zarr.open_group(path, mode="r"),
        "labels" in zarr.open_group(path, mode="r", use_consolidated=False),
    )
    found.append(seen)
    print(
        f"{version}: ngio lists {seen[0]}, zarr finds labels {seen[1]}, "
        f"without consolidated metadata {seen[2]}"
    )
sys.exit(found != [(["nuclei"], False, True)] * 2)
PYTHON
"$here/venv/bin/python" "$here/try.py" "$here"
