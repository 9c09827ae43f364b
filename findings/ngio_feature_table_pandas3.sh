#!/usr/bin/env bash
# A table of objects written by ngio with its default backend, where pandas is version 3.
#
# Guess: pip installs ngio with a pandas and an AnnData that fit together, so that a feature table with
#   whole numbers as index and floats as columns is written and read again: nothing of it is text.
# Real: ngio's AnnData backend makes strings of the index and of the names of columns. pandas 3 holds
#   strings in arrays of Arrow, for which AnnData 0.12 (the last for Python 3.11) has no writer, so
#   the write ends in IORegistryError, after part of the table is on the disk. The backends csv, json
#   and parquet write the same table. The setting future.infer_string=False of pandas, while the
#   frame is made and written, makes the default backend work.
# Seen with: ngio 1.1.3, anndata 0.12.6, pandas 3.1.1, zarr 3.1.6, Python 3.11, Linux.
# Output seen:
#   anndata: IORegistryError
#   csv: [3, 70]
#   anndata without strings of Arrow: [3, 70]
# Fails where that changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/python" -m pip install -q ngio==1.1.3 anndata==0.12.6 pandas==3.1.1 zarr==3.1.6
cat > "$here/try.py" <<'PYTHON'
import sys
import warnings

import numpy as np
import pandas as pd
from ngio import create_ome_zarr_from_array, open_ome_zarr_container
from ngio.tables import FeatureTable

warnings.simplefilter("ignore")
path = f"{sys.argv[1]}/a.zarr"
create_ome_zarr_from_array(path, np.zeros((64, 64), np.uint8), pixelsize=0.5, axes_names="yx")


def written(name, backend):
    frame = pd.DataFrame({"label": [3, 70], "area": [9.0, 3.5]}).set_index("label")
    table = FeatureTable(frame, reference_label="cells")
    try:
        open_ome_zarr_container(path).add_table(name, table, backend=backend)
    except Exception as error:
        return type(error).__name__
    return open_ome_zarr_container(path).get_table(name).dataframe.index.tolist()


found = [written("a", "anndata"), written("b", "csv")]
with pd.option_context("future.infer_string", False):
    found.append(written("c", "anndata"))
for name, what in zip(("anndata", "csv", "anndata without strings of Arrow"), found):
    print(f"{name}: {what}")
sys.exit(found != ["IORegistryError", [3, 70], [3, 70]])
PYTHON
"$here/venv/bin/python" "$here/try.py" "$here"
