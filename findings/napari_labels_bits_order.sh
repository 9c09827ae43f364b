#!/usr/bin/env bash
# A labels layer on top of an image, given labels of more bits, in napari.
#
# Guess: layer.data takes labels of another integer type, and they are drawn where the layer is.
# Real: from 8 to 16 bits (or back) napari makes another node for the drawing and does not hand on
#   its place in the order: the labels are drawn below every other layer but the lowest, so an
#   opaque image hides them, though the list of layers, the eye and the thumbnail show them on top.
#   They come back with the next layer that is added, or when the eye is closed and opened.
# Seen with: napari 0.9.2, vispy 0.17.0, PyQt6 6.11.0, Python 3.11, Linux, under Xvfb.
# Output seen:
#   as added: labels in front
#   given uint16: labels hidden
#   eye closed and opened: labels in front
# Fails where that changes. Needs xvfb-run and the libraries that Qt needs for a window.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/python" -m pip install -q "napari[pyqt6]==0.9.2" PyQt6==6.11.0 vispy==0.17.0
export NAPARI_CONFIG="$here/napari.yaml" XDG_CONFIG_HOME="$here" XDG_CACHE_HOME="$here"
cat > "$here/try.py" <<'PYTHON'
import sys

import napari
import numpy as np

viewer = napari.Viewer()
viewer.add_image(np.zeros((40, 40), np.uint8))
viewer.add_image(np.full((40, 40), 255, np.uint8))
labels = viewer.add_labels(np.ones((40, 40), np.uint8), opacity=1)
found = []


def look(when):
    seen = viewer.screenshot(canvas_only=True, flash=False)
    middle = seen[seen.shape[0] // 2, seen.shape[1] // 2, :3]
    found.append("hidden" if (middle == 255).all() else "in front")
    print(f"{when}: labels {found[-1]}")


look("as added")
labels.data = np.ones((40, 40), np.uint16)
look("given uint16")
labels.visible = False
labels.visible = True
look("eye closed and opened")
viewer.close()
sys.exit(found != ["in front", "hidden", "in front"])
PYTHON
xvfb-run -a -s "-screen 0 1366x768x24" "$here/venv/bin/python" "$here/try.py"
