"""Work watched in a notebook: executed in a kernel, stopped by a button and by an interrupt."""

from __future__ import annotations

import importlib.util
import json
import sys
from types import SimpleNamespace

import pytest

import napari_selfseg as ss
from napari_selfseg.notebook import _pace, _watch
from napari_selfseg.notebook._pace import Pace
from napari_selfseg.pictures.cards import Card
from napari_selfseg.work import Progress

A_CELL = 240  # seconds, on a machine that does other things
KEPT_ELSEWHERE = (
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_PATH",
    "JUPYTER_RUNTIME_DIR",
)
BEGIN = """
import numpy as np
import napari_selfseg as ss
noise = np.random.default_rng(0).normal(scale=0.3, size=(20, 24))
image = np.add.outer(np.arange(20) // 7, np.arange(24) // 7) % 3 + noise
quick = {"device": "cpu", "threads": 1, "precision": "float32"}
method = ss.Backprop(iterations=4, channels=6, min_labels=1)
tiles = np.arange(20)[:, None] // 4 * 6 + np.arange(24) // 4 + 1
"""
FOREVER = """
run = ss.evolve(image, method.replace(iterations=100_000), superpixels=tiles, **quick)
"""


def needs(*packages):
    missing = [each for each in packages if importlib.util.find_spec(each) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


@pytest.fixture
def kernel_name(tmp_path, monkeypatch):
    """Name a kernel that is this interpreter and leaves the files of its user alone."""
    for each in KEPT_ELSEWHERE:
        monkeypatch.setenv(each, str(tmp_path))
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "This one",
        "language": "python",
    }
    folder = tmp_path / "kernels" / "this_one"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    return folder.name


@needs("IPython", "ipykernel", "nbclient", "nbformat")
def test_a_notebook_shows_a_run_and_the_next_cell_has_it(kernel_name):
    import nbformat
    from nbclient import NotebookClient

    cells = [
        BEGIN,
        "run = ss.evolve(image, method, superpixels=tiles, name='<x>', **quick)\nss.watch(run)",
        "print(run.stop_reason, run.labels().max())",
        "run",
        "ss.watch(run)",
    ]
    made = [nbformat.v4.new_code_cell(each) for each in cells]
    notebook = nbformat.v4.new_notebook(cells=made)
    NotebookClient(notebook, kernel_name=kernel_name, timeout=A_CELL).execute()
    nbformat.validate(notebook)
    _, watched, printed, shown, again = (each.outputs for each in notebook.cells)
    assert "All 4 iterations are done." in printed[0].text
    for outputs in (watched, shown, again):
        html = outputs[0].data["text/html"]
        assert "data:image/png;base64," in html
        assert "&lt;x&gt;, 20 x 24" in html
        assert "All 4 iterations are done." in html
        assert "<progress" not in html
    # One place that is written anew, and not a line an iteration.
    assert len(watched) == 1 + bool(importlib.util.find_spec("ipywidgets"))
    assert watched[0].data["text/plain"].startswith("Backprop. Image: <x>, 20 x 24.")


class Talk:
    """A kernel, and what it says."""

    def __init__(self, manager, client):
        self.manager, self.client = manager, client

    def say(self, code):
        self.client.execute(code)

    def until(self, wanted):
        while True:
            message = self.client.get_iopub_msg(timeout=A_CELL)
            assert message["msg_type"] != "error", message["content"]["traceback"]
            if (found := wanted(message["msg_type"], message["content"])) is not None:
                return found

    def until_shown(self, words):
        def wanted(kind, content):
            text = content["data"]["text/plain"] if kind == "update_display_data" else ""
            return text if words in text else None

        return self.until(wanted)

    def model(self, name):
        """Wait for a widget of ipywidgets, and return how to call it."""

        def wanted(kind, content):
            opened = kind == "comm_open" and content["data"]["state"]["_model_name"] == name
            return content if opened else None

        return self.until(wanted)

    def send(self, widget, **data):
        message = self.client.session.msg("comm_msg", {"comm_id": widget["comm_id"], "data": data})
        self.client.shell_channel.send(message)


@pytest.fixture
def talk(kernel_name):
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name=kernel_name)
    yield Talk(manager, client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@needs("IPython", "ipykernel")
def test_an_interrupt_keeps_what_was_found(talk):
    talk.say(f"{BEGIN}{FOREVER}ss.watch(run)\nprint('then', run.stop_reason, run.labels().shape)")
    going = talk.until_shown(" of 100000 iterations")
    assert "Interrupt the kernel (\N{BLACK SQUARE}) to stop and keep what was found." in going
    talk.manager.interrupt_kernel()
    then = talk.until(lambda kind, content: content["text"] if kind == "stream" else None)
    assert then.startswith("then Stopped when asked, after ")
    assert then.endswith("(20, 24)\n")


@needs("IPython", "ipykernel", "ipywidgets")
def test_the_button_stops_and_the_slider_cuts(talk):
    talk.say(f"{BEGIN}{FOREVER}ss.watch(run, wait=False)")
    button = talk.model("ButtonModel")
    talk.until_shown("Press Stop to keep what was found.")
    talk.send(button, method="custom", content={"event": "click"})
    talk.until_shown("Stopped when asked, after ")
    slider = talk.model("IntSliderModel")
    state = slider["data"]["state"]
    assert state["min"] < 5 < state["max"] <= 30
    # Where it is already, nothing happens.
    n = 5 if state["value"] != 5 else 4
    talk.send(slider, method="update", state={"value": n}, buffer_paths=[])
    said = f"Segments: {n}. cut({n}) of the run returns these labels."
    assert said in talk.until_shown("Segments")


@needs("IPython", "ipykernel")
def test_what_fails_beside_the_notebook_is_said(talk):
    talk.say(
        f"{BEGIN}"
        "def broken(self, *_):\n    raise ValueError('No such thing.')\n"
        "ss.Run.__next__ = broken\n"
        "ss.watch(ss.evolve(image, method, superpixels=tiles, **quick), wait=False)"
    )
    talk.until_shown("No such thing.")


def test_outside_of_a_notebook_it_is_said_what_to_do():
    run = SimpleNamespace()
    if importlib.util.find_spec("IPython") is None:
        with pytest.raises(ImportError, match=r"pip install 'napari-selfseg\[notebook\]'"):
            ss.watch(run)
    else:
        with pytest.raises(ValueError, match=r"call finish\(\) instead"):
            ss.watch(run)


def test_without_ipython_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr(_watch.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"needs IPython: pip install 'napari-selfseg\[notebook"):
        ss.watch(SimpleNamespace())


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(_pace.time, "monotonic", lambda: now.seconds)
    return now


def test_the_time_left_is_that_of_the_pace(clock):
    pace = Pace(10)
    step = SimpleNamespace(progress=Progress("iteration", 10, 50))
    assert pace.said(step) == "10 of 50 iterations."
    clock.seconds, step.progress = 20.0, Progress("iteration", 20, 50)
    assert pace.said(step) == "20 of 50 iterations, 60 s left at most."


def test_the_time_left_is_what_a_step_says(clock):
    step = SimpleNamespace(progress=Progress("tile", 1, 4), seconds_left=30.0, name="Voting")
    assert Pace(0).said(step) == "Voting: 1 of 4 tiles, 30 s left."
    step = SimpleNamespace(progress=Progress("plane", 0, 4), seconds_left=None)
    assert Pace(0).said(step) == "0 of 4 planes."


def test_text_ends_every_sentence_once():
    assert Card("A", [("B", "c")], note="Done.").text == "A. B: c. Done."
    assert Card("A").text == "A."
