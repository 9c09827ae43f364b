"""The Evaluate dock; most tests do without a window, because one takes seconds to open."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication, QWidget

from napari_selfseg.metrics import FOUND, MERGED, WRONG, disagreement, object_kinds
from napari_selfseg.widgets.canvas.layers import MARK
from napari_selfseg.widgets.evaluate import EvaluateDock, _actions, _dock
from napari_selfseg.widgets.evaluate._figures import TRUTH, WITHOUT
from napari_selfseg.widgets.work.runner import working

TRUTH_MAP = np.repeat([[1, 1, 1, 2, 2, 3]], 12, axis=0).repeat(3, axis=1)
MINE = np.repeat([[1, 1, 4, 2, 2, 2]], 12, axis=0).repeat(3, axis=1)
PLACE = {"scale": (0.5, 2), "translate": (3, 4), "rotate": 30}


@pytest.fixture
def opened(qtbot):
    """Open a dock in a viewer with labels, truth and image, the first two checked."""

    def make(window=None, names=("truth", "mine"), **settings):
        viewer = window or ViewerModel()
        maps = {"truth": TRUTH_MAP, "mine": MINE, "other": np.ones_like(MINE)}
        if names:
            viewer.add_image(MINE.astype(float), name="image", **settings)
        for name in names:
            viewer.add_labels(maps[name].copy(), name=name, **settings)
        dock = EvaluateDock(viewer)
        if window is None:
            qtbot.addWidget(dock)
        else:
            window.window.add_dock_widget(dock, name="Evaluate", area="right")
        dock.view.labels.check([viewer.layers[name] for name in names if name != "truth"])
        dock.view.truths.check([viewer.layers[name] for name in names if name == "truth"])
        return viewer, dock

    return make


@pytest.fixture
def gate(monkeypatch):
    """Hold the comparison back until the gate is opened."""
    opened, entered, asked = threading.Event(), threading.Event(), []

    def held(work):
        def waiting(*args):
            asked.append(args)
            entered.set()
            assert opened.wait(120)
            return work(*args)

        return waiting

    monkeypatch.setattr(_dock, "figures", held(_dock.figures))
    monkeypatch.setattr(_actions, "disagreeing", held(_actions.disagreeing))
    yield SimpleNamespace(open=opened.set, entered=entered, asked=asked)
    opened.set()


def evaluated(dock, qtbot):
    dock.view.run.click()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)


def marks(viewer):
    return [each for each in viewer.layers if MARK in each.metadata]


def marked(viewer, qtbot):
    qtbot.waitUntil(lambda: bool(marks(viewer)), timeout=120_000)
    (mark,) = marks(viewer)
    return mark


def until_no_thread(qtbot):
    qtbot.waitUntil(lambda: not working(), timeout=120_000)


def cells(table, row):
    heads = [table.verticalHeaderItem(k).text() for k in range(table.rowCount())]
    return [table.item(heads.index(row), k) for k in range(table.columnCount())]


def test_it_says_what_is_missing(opened):
    viewer, dock = opened(names=())
    view = dock.view
    assert view.status.text() == _dock.NOTHING
    view.run.click()
    assert view.error.text() == "Check the labels to evaluate."
    for name in ("one", "two"):
        viewer.add_labels(MINE, name=name)
    assert view.status.text() == "Check the labels to evaluate."
    view.labels.check([viewer.layers["one"]])
    assert view.status.text() == _dock.NO_TRUTH
    assert view._disagreement.isHidden()
    view.truths.check([viewer.layers["two"]])
    assert view.status.text() == _dock.READY
    assert not view._disagreement.isHidden()
    view.truths.check([viewer.layers["one"]])
    view.run.click()
    assert "one is checked as labels and as truth" in view.error.text()
    assert not dock.live


def test_labels_side_by_side_as_a_table_that_is_copied_and_saved(
    opened, qtbot, monkeypatch, tmp_path
):
    viewer, dock = opened(names=("truth", "other", "mine"))
    view = dock.view
    view.image.choose(viewer.layers["image"])
    evaluated(dock, qtbot)
    assert dock.found.names == ("mine", "other")
    assert view.pages.currentIndex() == 1
    assert view.status.text() == "Compared with 1 truth layer on 12 x 18 pixels."
    table = view.figures.tables[TRUTH]
    covering = cells(table, "Covering \u2191")
    assert [item.font().bold() for item in covering] == [True, False]
    assert "<b>Segmentation covering</b>" in covering[0].toolTip()
    merged = cells(table, "  merged \u2193")
    assert merged[1].text() == "1.459"
    (agreement, rest) = cells(view.figures.tables[WITHOUT], "Agreement (ARI)")
    assert agreement.text() == "0.000"
    assert rest is None
    view.copy.click()
    pasted = QApplication.clipboard().text().split("\n")
    assert [each.split("\t") for each in pasted] == dock.found.lines()
    file = tmp_path / "table.csv"
    monkeypatch.setattr(_dock, "ask_save", lambda *_: str(file))
    view.save.click()
    qtbot.waitUntil(lambda: view.status.text() == f"Saved: {file}", timeout=120_000)
    assert len(file.read_text(encoding="utf-8-sig").splitlines()) == len(pasted)


def test_a_file_that_cannot_be_written_is_a_sentence(opened, qtbot, monkeypatch, tmp_path):
    _, dock = opened()
    evaluated(dock, qtbot)
    monkeypatch.setattr(_dock, "ask_save", lambda *_: str(tmp_path / "no" / "table.csv"))
    dock.view.save.click()
    qtbot.waitUntil(lambda: "no folder" in dock.view.error.text(), timeout=120_000)


def test_a_disagreement_lies_over_the_labels_and_is_no_labels_to_choose(opened, qtbot):
    viewer, dock = opened(**PLACE)
    mine, view = viewer.layers["mine"], dock.view
    view.shown.click()
    mark = marked(viewer, qtbot)
    np.testing.assert_array_equal(mark.data, disagreement(MINE, TRUTH_MAP))
    np.testing.assert_allclose(mark.extent.world, mine.extent.world)
    assert "16.7 % of pixels" in view.legend.text()
    assert "Merged</b> 16.7 %" in view.legend.text()
    assert view.labels.count() == 2
    assert [viewer.layers[name].visible for name in ("image", "mine", "truth")] == [1, 0, 0]
    colours = mark.colormap.map(np.arange(3))
    assert colours[0][3] == 0
    assert not np.array_equal(colours[1], colours[2])
    view.shown.click()
    assert marks(viewer) == []
    assert mine.visible
    assert "%" not in view.legend.text()


def test_objects_found_and_missed_are_counted_and_coloured(opened, qtbot):
    viewer, dock = opened()
    view = dock.view
    for layer, out in ((viewer.layers["truth"], 1), (viewer.layers["mine"], 1)):
        layer.data = np.where(layer.data == out, 0, layer.data)
    truth, mine = (viewer.layers[name].data for name in ("truth", "mine"))
    assert "Missed" not in view.legend.text()
    view.look.choose("objects")
    assert "Missed</b>: in the truth" in view.legend.text()
    view.shown.click()
    mark = marked(viewer, qtbot)
    kinds = object_kinds(mine, truth)
    np.testing.assert_array_equal(mark.data, kinds.where)
    assert set(np.unique(mark.data)) == {0, FOUND, WRONG, MERGED}
    assert "Merged</b> 1 of 2" in view.legend.text()
    assert "Found</b> 1 of 2" in view.legend.text()
    assert "Wrong</b> 1 of 2" in view.legend.text()
    colours = mark.colormap.map(np.arange(6))
    assert len({tuple(each) for each in colours}) == 6
    view.background.setText("3")
    view.background.editingFinished.emit()
    assert marks(viewer) == []
    qtbot.waitUntil(lambda: "No figures of objects" in view.error.text(), timeout=120_000)
    assert view.error.text().startswith("mine: ")


def test_a_disagreement_follows_what_is_chosen_and_what_is_painted(opened, qtbot):
    viewer, dock = opened(names=("truth", "other", "mine"))
    view = dock.view
    view.shown.click()
    first = marked(viewer, qtbot)
    view.one.choose(viewer.layers["other"])
    second = marked(viewer, qtbot)
    assert second != first
    assert (second.data == 2).sum() == 12 * 9
    viewer.layers["other"].data[:] = TRUTH_MAP
    view.run.click()
    qtbot.waitUntil(lambda: marks(viewer) not in ([], [second]), timeout=120_000)
    assert not marked(viewer, qtbot).data.any()
    viewer.layers.remove("other")
    np.testing.assert_array_equal(marked(viewer, qtbot).data, first.data)
    viewer.layers.remove(marks(viewer)[0])
    assert not view.shown.isChecked()
    assert viewer.layers["mine"].visible
    view.shown.click()
    marked(viewer, qtbot)
    view.truths.check([])
    assert marks(viewer) == []


def test_what_does_not_fit_is_a_sentence_and_the_next_one_works(opened, qtbot):
    viewer, dock = opened()
    short = viewer.add_labels(TRUTH_MAP[:5], name="short")
    dock.view.truths.check([short])
    dock.view.run.click()
    assert dock.view.error.text() == (
        "short has shape (5, 18) and mine has shape (12, 18): they must be the same."
    )
    dock.view.shown.click()
    assert marks(viewer) == []
    dock.view.truths.check([viewer.layers["truth"]])
    marked(viewer, qtbot)
    dock.view.ignore.setText("1, 2, 3")
    evaluated(dock, qtbot)
    assert dock.view.error.text() == "mine: No pixel is left to compare: every one is ignored."
    dock.view.ignore.setText("")
    evaluated(dock, qtbot)
    assert dock.found is not None


def test_a_plane_of_a_volume_is_compared_where_it_was_cut(opened, qtbot):
    viewer, dock = opened(names=())
    volume = np.stack([TRUTH_MAP, MINE, TRUTH_MAP])
    truth = viewer.add_labels(volume, name="truth", scale=(5, 1, 1))
    mine = viewer.add_labels(MINE[None], name="mine", scale=(5, 1, 1), translate=(5, 0, 0))
    dock.view.labels.check([mine])
    dock.view.truths.check([truth])
    dock.view.shown.click()
    mark = marked(viewer, qtbot)
    assert mark.data.shape == (1, 12, 18)
    assert not mark.data.any()
    assert mark.translate[0] == 5
    evaluated(dock, qtbot)
    assert dock.view.status.text().endswith("only on the 12 x 18 pixels of mine.")
    assert cells(dock.view.figures.tables[TRUTH], "Covering \u2191")[0].text() == "1.000"


@pytest.mark.parametrize("how", ["layers", "dock"])
def test_what_is_removed_or_closed_meanwhile(how, opened, gate, qtbot):
    viewer, dock = opened()
    holder = QWidget()
    qtbot.addWidget(holder)
    dock.setParent(holder)
    dock.view.shown.click()
    dock.view.run.click()
    assert gate.entered.wait(120)
    assert not dock.view.run.isEnabled()
    if how == "dock":
        dock.setParent(None)
        assert not dock.live
        dock.setParent(holder)
        dock.view.shown.click()
        dock.view.shown.click()
    else:
        viewer.layers.clear()
    gate.open()
    until_no_thread(qtbot)
    qtbot.wait(250)
    assert not dock.live
    assert marks(viewer) == []
    assert (dock.found is None) == (how == "dock")
    dock.setParent(None)


def test_a_second_run_while_one_is_live_is_none(opened, gate, qtbot):
    _, dock = opened()
    dock.view.run.click()
    assert gate.entered.wait(120)
    dock.start()
    gate.open()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    until_no_thread(qtbot)
    assert len(gate.asked) == 1


@pytest.mark.viewer
def test_a_dock_in_a_window_leaves_nothing_behind(opened, make_napari_viewer_proxy, qtbot):
    viewer, dock = opened(window=make_napari_viewer_proxy())
    window = dock.window()
    window.show()
    qtbot.waitUntil(dock.isVisible, timeout=120_000)
    evaluated(dock, qtbot)
    table = dock.view.figures.tables[TRUTH]
    qtbot.waitUntil(table.isVisible, timeout=120_000)
    bars = table.verticalScrollBar(), table.horizontalScrollBar()
    qtbot.waitUntil(lambda: not any(each.maximum() for each in bars), timeout=120_000)
    dock.view.shown.click()
    marked(viewer, qtbot)
    viewer.window.remove_dock_widget(dock)
    assert [each.name for each in viewer.layers] == ["image", "truth", "mine"]
    assert viewer.layers["mine"].visible
    dock.deleteLater()


@pytest.mark.viewer
def test_a_window_closed_during_work_ends_it(opened, gate, make_napari_viewer_proxy, qtbot):
    _viewer, dock = opened(window=make_napari_viewer_proxy())
    window = dock.window()
    window.show()
    qtbot.waitUntil(dock.isVisible, timeout=120_000)
    dock.view.run.click()
    assert gate.entered.wait(120)
    window.hide()
    assert not dock.live
    gate.open()
    until_no_thread(qtbot)
