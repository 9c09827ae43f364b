#!/usr/bin/env bash
# The table of features of a labels layer, and which label a row stands for, in napari.
#
# Guess: a labels layer's features have a column "index" with the label of each row (so do the
#   status bar and its tooltip read them), and a row that is clicked in napari's Features Table
#   selects that label.
# Real: the table takes the place of the row for the label, whatever "index" says: with labels 5 and
#   9 the first row selects label 0, the background, and with label 5 selected no row is marked. Labels
#   must run from 1 without a gap and have a first row for the background, or rows show other objects.
# Seen with: napari 0.9.2, PyQt6 6.11.0, Python 3.11, Linux, under Xvfb.
# Output seen:
#   status bar at label 5: area: 2
#   first row, index 5: label 0 is selected
#   second row, index 9: label 1 is selected
#   label 5 is selected: no row is marked
# Fails where that changes. Needs xvfb-run and the libraries that Qt needs for a window.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/python" -m pip install -q "napari[pyqt6]==0.9.2" PyQt6==6.11.0
export NAPARI_CONFIG="$here/napari.yaml" XDG_CONFIG_HOME="$here" XDG_CACHE_HOME="$here"
cat > "$here/try.py" <<'PYTHON'
import sys

import napari
import numpy as np

viewer = napari.Viewer()
layer = viewer.add_labels(
    np.array([[5, 5, 0], [9, 0, 0]], np.uint8), features={"index": [5, 9], "area": [2, 1]}
)
said = layer.get_status((0, 0))["coordinates"]
dock, widget = viewer.window.add_plugin_dock_widget("napari", "Features table widget")
table = widget.table
selected = []
print("status bar at label 5:", said.rsplit("; ", 1)[-1])
for row, (name, index) in enumerate((("first", 5), ("second", 9))):
    table.clearSelection()
    table.selectRow(row)
    selected.append(int(layer.selected_label))
    print(f"{name} row, index {index}: label {selected[-1]} is selected")
table.clearSelection()
layer.selected_label = 5
marked = sorted({place.row() for place in table.selectionModel().selectedIndexes()})
print("label 5 is selected:", f"rows {marked} are marked" if marked else "no row is marked")
viewer.close()
sys.exit(selected != [0, 1] or bool(marked))
PYTHON
xvfb-run -a -s "-screen 0 1366x768x24" "$here/venv/bin/python" "$here/try.py"
