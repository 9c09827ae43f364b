"""The table below the canvas: whole rows, sorted, picked and copied; the dock in a real window."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from napari.layers import Labels
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_selfseg.widgets.editing.table_dock import NAME, TableDock
from napari_selfseg.widgets.views.looks.feature_table import ROWS, FeatureTable, written

TABLE = pd.DataFrame(
    {"index": [1, 2, 5], "mean": [0.5, np.nan, 0.25], "note": ["long", "round", ""]}
)


@pytest.fixture
def table(qtbot):
    made = FeatureTable()
    qtbot.addWidget(made)
    made.show_table(TABLE)
    made.show()
    return made


def shown(table):
    model = table.model()
    places = [[model.index(row, k) for k in range(model.columnCount())] for row in range(3)]
    return [[model.data(each) for each in row] for row in places]


def test_every_column_is_there_once_and_numbers_sort_as_numbers(table):
    model = table.model()
    titles = [model.headerData(k, Qt.Orientation.Horizontal) for k in range(model.columnCount())]
    assert titles == ["label", "mean", "note"]
    assert shown(table)[1] == ["2", "", "round"]
    table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert [row[0] for row in shown(table)] == ["5", "2", "1"]
    told = {1234.5678: "1235", 27676.4: "27676", 2.0e9: "2e+09", 0.01234567: "0.01235"}
    assert {value: written(value) for value in told} == told


def test_a_click_picks_the_label_of_the_row_and_rows_are_copied(table, qtbot):
    table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    with qtbot.waitSignal(table.picked, timeout=10_000) as heard:
        place = table.visualRect(table.model().index(0, 1)).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert heard.args == [2], "the row of the table, wherever it is shown"
    QTest.keyClick(table, "C", Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().split() == ["label", "mean", "note", "5", "0.25"]
    table.mark({"index": 1})
    assert {each.row() for each in table.selectedIndexes()} == {2}
    table.mark({"index": 77})
    assert table.selectedIndexes() == []


@pytest.mark.viewer
def test_eight_rows_the_image_and_the_dock_fit_a_small_screen(make_napari_viewer_proxy, qtbot):
    viewer = make_napari_viewer_proxy(show=True)
    viewer.window.resize(1366, 768)
    layer = viewer.add_layer(Labels(np.arange(64).reshape(8, 8)))
    layer.features = {"index": np.arange(1, 60), "pixels": np.ones(59)}
    picked = []
    dock = TableDock(viewer, picked.append)
    dock.open(layer)
    table = viewer.window.dock_widgets[NAME]
    row = table.verticalHeader().defaultSectionSize()
    qtbot.waitUntil(lambda: table.viewport().height() >= ROWS * row, timeout=10_000)
    assert table.height() < 250, "the image keeps the rest"
    table.clicked.emit(table.model().index(3, 0))
    assert picked == [4]
    layer.selected_label = 9
    assert {each.row() for each in table.selectedIndexes()} == {8}
    layer.features = {"index": [3]}
    assert table.model().rowCount() == 1
    other = viewer.add_layer(Labels(np.ones((8, 8), int), name="other"))
    assert table.model().rowCount() == 0, "the rows are those of the labels that are selected"
    viewer.layers.selection.active = layer
    assert table.model().rowCount() == 1
    viewer.add_image(np.zeros((8, 8)))
    assert table.model().rowCount() == 1, "an image has no rows"
    dock.show(there=False)
    assert not table.isVisible()
    dock.show(there=True)
    assert table.isVisible()
    viewer.layers.remove(other)
    dock.close()
    assert NAME not in viewer.window.dock_widgets
    dock.open(layer)
    viewer.window.dock_widgets[NAME].parentWidget().destroyOnClose()
    dock.open(layer)
    assert NAME in viewer.window.dock_widgets
    dock.close()
