"""What docks remember when they, or napari, are closed and opened again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QSpinBox, QWidget

from napari_selfseg.methods import DIC, Backprop
from napari_selfseg.superpixels import Quickshift, Slic
from napari_selfseg.widgets.batch import BatchDock
from napari_selfseg.widgets.evaluate import EvaluateDock
from napari_selfseg.widgets.model.kept.remembered import Remembered, default_path
from napari_selfseg.widgets.parts.choosers import Chooser
from napari_selfseg.widgets.parts.dialogs import (
    ask_files,
    ask_folder,
    ask_open,
    ask_save,
    folder_of,
    start_in,
)
from napari_selfseg.widgets.parts.keeping import fill_in, filled_in
from napari_selfseg.widgets.parts.number_box import NumberBox
from napari_selfseg.widgets.parts.panels import Pages
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.superpixels import SuperpixelsDock
from napari_selfseg.widgets.train import TrainDock


def test_what_other_docks_keep_stays(tmp_path):
    kept = Remembered(tmp_path / "new" / "docks.json")
    kept.keep("train", {"every": 3})
    kept.keep("batch", {"folder": "/d\u00e4ta"})
    kept.keep("train", {"every": 4})
    assert (kept.read("train"), kept.read("batch")) == ({"every": 4}, {"folder": "/d\u00e4ta"})
    kept.keep("train", {})
    assert (kept.read("train"), kept.read("batch")) == ({}, {"folder": "/d\u00e4ta"})
    assert kept.read("segment") == {}


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"train": 3}', "\udcff"])
def test_a_damaged_file_is_as_good_as_none(tmp_path, text):
    path = tmp_path / "docks.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert Remembered(path).read("train") == {}
    Remembered(path).keep("train", {"every": 3})
    assert Remembered(path).read("train") == {"every": 3}


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    kept = Remembered(tmp_path / "file" / "docks.json")
    kept.keep("train", {"every": 3})
    assert kept.read("train") == {}
    assert "not remembered" in caplog.text


def test_the_file_is_one_of_the_user(monkeypatch):
    monkeypatch.undo()
    assert default_path().name == "docks.json"
    assert "napari-selfseg" in default_path().parts


@pytest.fixture
def controls(qtbot):
    made = {
        "choice": Chooser(""),
        "number": QSpinBox(),
        "float": NumberBox(),
        "check": QCheckBox(),
        "text": QLineEdit(),
        "pages": Pages(),
    }
    for each in made.values():
        qtbot.addWidget(each)
    made["choice"].offer([("one", 1), ("two", 2)])
    made["pages"].fill((Backprop, DIC))
    return made


def test_all_kinds_of_controls_come_back(controls):
    first = filled_in(controls)
    controls["choice"].choose(2)
    controls["number"].setValue(7)
    controls["float"].setValue(0.25)
    controls["check"].setChecked(True)
    controls["text"].setText("a")
    controls["pages"].turn_to(DIC)
    controls["pages"].current.fill({"iterations": 12})
    state = json.loads(json.dumps(filled_in(controls)))
    assert state["pages"] == {"dic": {"iterations": 12}}
    fill_in(controls, first)
    assert filled_in(controls) == first != state
    fill_in(controls, state)
    assert filled_in(controls) == state


def test_what_another_version_kept_is_filled_in_as_far_as_it_goes(controls):
    first = filled_in(controls)
    pages = {"dic": {"iterations": -5}, "backprop": {"iterations": 9, "gone": 1}, "lost": {"a": 1}}
    odd = {"choice": "three", "number": "7", "float": None, "check": 1, "text": 3, "unknown": 1}
    fill_in(controls, odd | {"pages": pages})
    assert filled_in(controls) == first | {"pages": {"backprop": {"iterations": 9}}}


def test_dialogs_start_where_the_last_one_ended(qtbot, monkeypatch, tmp_path):
    view, below = QWidget(), QWidget()
    below.setParent(view)
    qtbot.addWidget(view)
    start_in(view, "")
    asked = []

    def answer(found):
        def ask(parent, title, start="", kind=""):
            asked.append(start)
            return found

        return ask

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", answer(str(tmp_path)))
    assert ask_folder(below, "") == str(tmp_path)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", answer(([], "")))
    assert ask_files(view, "", "") == []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer((f"{tmp_path}/in/a.tif", "")))
    assert ask_open(view, "", "") == f"{tmp_path}/in/a.tif"
    assert asked == ["", str(tmp_path), str(tmp_path)]
    assert folder_of(view) == "", "a folder that is gone"
    (tmp_path / "in").mkdir()
    assert folder_of(below) == f"{tmp_path}/in"


def test_what_is_made_of_an_image_is_saved_beside_it_or_where_it_was_saved_last(
    qtbot, monkeypatch, tmp_path
):
    view = QWidget()
    qtbot.addWidget(view)
    images, elsewhere = tmp_path / "images", tmp_path / "elsewhere"
    images.mkdir()
    elsewhere.mkdir()
    start_in(view, str(tmp_path))
    asked, answers = [], []
    monkeypatch.setattr(QFileDialog, "exec", lambda dialog: asked.append(dialog) or bool(answers))
    monkeypatch.setattr(QFileDialog, "selectedFiles", lambda dialog: [answers.pop()])

    def begun(image, answer=None):
        answers.extend([answer] if answer else [])
        ask_save(view, "Save labels", "film [Objects].tif", "TIFF (*.tif)", image)
        return asked.pop().directory().absolutePath()

    film = str(images / "film.tif")
    assert begun(film) == str(images)
    assert begun(film, f"{elsewhere}/a.tif") == str(images)
    assert begun(film) == str(elsewhere), "where something of it was saved last"
    assert begun(str(images / "b.ome.zarr" / "0")) == str(images)
    assert begun(str(tmp_path / "gone" / "c.tif")) == str(elsewhere)
    assert begun("") == str(elsewhere)


def opened(kind, viewer, qtbot):
    dock = kind(viewer)
    qtbot.addWidget(dock)
    if hasattr(dock, "loaded") or hasattr(dock.view, "loaded"):
        where = dock if hasattr(dock, "loaded") else dock.view
        qtbot.waitUntil(lambda: where.loaded, timeout=120_000)
    return dock


def closed(dock):
    """Close a dock as its window does, which is not shown here."""
    dock._life._turn(False)


CHANGES = {
    TrainDock: lambda view: view.every.setValue(33),
    BatchDock: lambda view: view.recipe.method.choose(DIC),
    EvaluateDock: lambda view: view.ignore.setText("255"),
    SuperpixelsDock: lambda view: view.algorithm.choose(Quickshift),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_new_dock_shows_what_the_last_one_did_until_it_starts_afresh(qtbot, kind, tmp_path):
    viewer = ViewerModel()
    first = opened(kind, viewer, qtbot)
    usual = filled_in(first.view.kept)
    CHANGES[kind](first.view)
    start_in(first.view, str(tmp_path))
    changed = filled_in(first.view.kept)
    assert changed != usual, "test invalid"
    closed(first)
    second = opened(kind, viewer, qtbot)
    assert filled_in(second.view.kept) == changed
    assert folder_of(second.view) == str(tmp_path)
    second.view.afresh.click()
    assert filled_in(second.view.kept) == usual
    closed(second)
    assert filled_in(opened(kind, viewer, qtbot).view.kept) == usual


@pytest.mark.viewer
def test_the_method_and_its_parameters_outlive_napari(make_napari_viewer_proxy, qtbot):
    def shown():
        viewer = make_napari_viewer_proxy()
        viewer.add_image(np.eye(8))
        dock = SegmentDock(viewer)
        viewer.window.add_dock_widget(dock, name="Segment")
        qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
        return dock

    dock = shown()
    dock.view.setup.method.choose(DIC)
    dock.view.setup.fill({"iterations": 17})
    dock.view.setup.superpixels.choose(Slic)
    dock.view.setup.region.area.choose("rectangle")
    closed(dock)  # as when its window is closed
    form = shown().view.setup.form(1)
    assert (form.method, form.values["iterations"], form.superpixels) == (DIC, 17, Slic)
    assert form.area == "all", "what is of one image is not remembered"
