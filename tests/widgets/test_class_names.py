from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLineEdit

from napari_selfseg.widgets.views.class_names import NAME, NUMBER, ClassNames

RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


@pytest.fixture
def table(qtbot) -> ClassNames:
    made = ClassNames()
    qtbot.addWidget(made)
    made.resize(300, 300)
    made.show_classes((1, 2, 5), (RED, GREEN, BLUE), {2: "Nuclei", 7: "Gone"})
    made.show()
    qtbot.waitExposed(made)
    return made


def colour(table: ClassNames, row: int) -> QColor:
    return QColor(table.table.item(row, NUMBER).icon().pixmap(14, 14).toImage().pixel(7, 7))


def click(table: ClassNames, qtbot, row: int, column: int = NAME) -> None:
    centre = table.table.visualItemRect(table.table.item(row, column)).center()
    qtbot.mouseClick(table.table.viewport(), Qt.MouseButton.LeftButton, pos=centre)


def edit(table: ClassNames, qtbot, row: int, text: str) -> QLineEdit:
    table.table.setCurrentCell(row, NAME)
    table.table.editItem(table.table.item(row, NAME))
    editor = table.table.viewport().findChild(QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    return editor


def commit(table: ClassNames, qtbot, editor: QLineEdit) -> None:
    # Qt commits a little later than the key is pressed.
    with qtbot.waitSignal(table.changed, timeout=120_000):
        qtbot.keyClick(editor, Qt.Key.Key_Return)


def test_rows_show_colour_number_and_name(table):
    rows = [[table.table.item(r, c).text() for c in (NUMBER, NAME)] for r in range(3)]
    assert rows == [["1", ""], ["2", "Nuclei"], ["5", ""]]
    assert [colour(table, row).getRgbF()[:3] for row in range(3)] == [RED, GREEN, BLUE]


def test_only_named_classes_that_are_shown_have_names(table):
    assert table.names() == {2: "Nuclei"}


def test_names_are_edited_and_told(table, qtbot):
    commit(table, qtbot, edit(table, qtbot, 2, "  Stroma "))
    assert table.names() == {2: "Nuclei", 5: "Stroma"}


def test_a_name_of_blanks_is_none(table, qtbot):
    commit(table, qtbot, edit(table, qtbot, 1, "  "))
    assert table.names() == {}


def test_the_editor_bounds_names_and_shows_what_an_unnamed_class_is_called(table, qtbot):
    editor = edit(table, qtbot, 2, "x" * 70)
    assert editor.text() == "x" * 60
    assert editor.placeholderText() == "Class 5"


def test_showing_classes_tells_nothing(table, qtbot):
    with (
        qtbot.assertNotEmitted(table.changed),
        qtbot.assertNotEmitted(table.picked),
        qtbot.assertNotEmitted(table.added),
    ):
        table.show_classes((1, 2), (BLUE, GREEN), {1: "Sky"})
        table.choose(2)
    assert table.names() == {1: "Sky"}
    assert colour(table, 0) == QColor.fromRgbF(*BLUE)


@pytest.mark.parametrize("column", [NUMBER, NAME])
def test_a_click_picks_the_class(table, qtbot, column):
    with qtbot.waitSignal(table.picked, timeout=120_000) as told:
        click(table, qtbot, 2, column)
    assert told.args == [5]
    assert table.chosen == 5


def test_a_click_on_the_chosen_row_picks_it_again(table, qtbot):
    click(table, qtbot, 1)
    with qtbot.waitSignal(table.picked, timeout=120_000) as told:
        click(table, qtbot, 1, NUMBER)
    assert told.args == [2]


def test_the_choice_follows_the_class_to_another_row(table):
    table.choose(5)
    table.show_classes((1, 5), (RED, BLUE), {})
    assert table.chosen == 5
    table.show_classes((1, 2), (RED, BLUE), {})
    assert table.chosen is None
    table.choose(9)
    assert table.chosen is None


def test_the_button_asks_for_another_class(table, qtbot):
    with qtbot.waitSignal(table.added, timeout=120_000):
        qtbot.mouseClick(table.add, Qt.MouseButton.LeftButton)


def test_a_name_being_typed_survives_another_class(table, qtbot):
    editor = edit(table, qtbot, 0, "Nuc")
    table.show_classes((1, 2, 5, 6), (RED, GREEN, BLUE, RED), {2: "Nuclei"})
    qtbot.keyClicks(editor, "leus")
    commit(table, qtbot, editor)
    assert table.names() == {1: "Nucleus", 2: "Nuclei"}


def test_the_height_follows_the_rows_up_to_six(table):
    heights = []
    for n in (0, 1, 2, 6, 7, 40):
        table.show_classes(range(1, n + 1), [RED] * n, {})
        heights.append(table.table.height() if table.table.isVisible() else 0)
    none, one, two, six, seven, forty = heights
    assert none == 0
    assert two - one > 10
    assert six == one + 5 * (two - one)
    assert seven == forty == six


def test_unnamed_classes_look_fainter_than_named_ones(table):
    table.show_classes((1, 2), (RED, RED), {2: "Class 1"})
    first, second = (darkest(table, row) for row in (0, 1))
    assert first > second + 40
    assert first < 220, "nothing is drawn"


def darkest(table: ClassNames, row: int) -> int:
    rect = table.table.visualItemRect(table.table.item(row, NAME)).adjusted(2, 2, -2, -2)
    image = table.table.viewport().grab(rect).toImage()
    pixels = ((x, y) for x in range(image.width()) for y in range(image.height()))
    return min(QColor(image.pixel(x, y)).lightness() for x, y in pixels)
