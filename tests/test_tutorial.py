"""The notebooks of docs/, executed as a reader would: in a kernel, with a real window."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

nbformat = pytest.importorskip("nbformat", reason="no notebooks where nbformat is not installed")

DOCS = Path(__file__).resolve().parents[1] / "docs"
IMAGE, STACK = DOCS / "tutorial.ipynb", DOCS / "stack_tutorial.ipynb"
A_CELL = 240  # seconds, on a machine that does other things
KEPT_ELSEWHERE = (
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_PATH",
    "JUPYTER_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
)
# ipykernel hands over to Qt between two cells, on a busy machine before it has begun the next one
# or answered the last: then both wait for ever. Qt that hands back now and then ends that.
HANDING_BACK = """
import functools
from ipykernel.eventloops import loop_map

def handing_back(loop):
    @functools.wraps(loop)
    def shorter(kernel):
        from qtpy.QtCore import QTimer
        QTimer.singleShot(100, kernel.app.qt_event_loop.quit)
        loop(kernel)
    return shorter

loop_map["qt"] = handing_back(loop_map["qt"])
"""


def read(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def code_cells(notebook):
    return [each for each in notebook.cells if each.cell_type == "code"]


def images(notebook):
    from PIL import Image

    outputs = [each for cell in code_cells(notebook) for each in cell.outputs]
    pngs = [each.data["image/png"] for each in outputs if "image/png" in each.get("data", {})]
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(each)))) for each in pngs]


@pytest.mark.parametrize("path", [IMAGE, STACK], ids=lambda path: path.stem)
def test_a_notebook_is_valid_and_holds_no_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert all(each.id for each in notebook.cells)
    for each in code_cells(notebook):
        assert each.outputs == []
        assert each.execution_count is None


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """Name a kernel that is this interpreter and leaves the files of its user alone."""
    for package in ("napari", "nbclient", "ipykernel"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"the notebook needs {package}, which is not installed")
    for each in KEPT_ELSEWHERE:
        monkeypatch.setenv(each, str(tmp_path))
    begin = tmp_path / "begin.py"
    begin.write_text(HANDING_BACK)
    words = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    words.append(f"--IPKernelApp.exec_files={begin}")
    spec = {"argv": words, "display_name": "This one", "language": "python"}
    folder = tmp_path / "kernels" / "this_one"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    return folder.name


@pytest.fixture
def executed(kernel, tmp_path):
    """Execute a notebook in a new folder, and look at its pictures."""
    from nbclient import NotebookClient

    def execute(path, *, pictures):
        notebook, work = read(path), tmp_path / "work"
        work.mkdir()
        where = {"metadata": {"path": str(work)}}
        NotebookClient(notebook, kernel_name=kernel, timeout=A_CELL, resources=where).execute()
        assert all(each.execution_count for each in code_cells(notebook))
        found = images(notebook)
        assert len(found) == pictures
        for each in found:
            assert min(each.shape[:2]) > 400
            assert each[..., :3].std() > 20
        return notebook, work

    return execute


def printed(notebook):
    outputs = [each for cell in code_cells(notebook) for each in cell.outputs]
    return "".join(each.text for each in outputs if each.output_type == "stream")


@pytest.mark.slow
@pytest.mark.viewer
def test_the_notebook_of_an_image_runs(executed):
    from napari_selfseg import load_fit, read_record

    _, work = executed(IMAGE, pictures=3)
    assert read_record(work / "labels.tif")["objects"]["connected"]
    assert load_fit(work / "tissue.safetensors").in_channels == 3


@pytest.mark.slow
@pytest.mark.viewer
def test_the_notebook_of_a_stack_runs(executed):
    from napari_selfseg import read_record

    notebook, work = executed(STACK, pictures=3)
    assert "All 12 planes are done." in printed(notebook)
    assert read_record(work / "film.tif")["stack"]["carry"] == "joint"
    assert "3 of 4 done, 1 failed, see results/batch.csv." in printed(notebook)
    assert "frame_11: " in printed(notebook)
    assert "frame_03.tif" in (work / "results" / "batch.csv").read_text()
