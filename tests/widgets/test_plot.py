from __future__ import annotations

import math

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor, QPalette

from napari_selfseg.widgets.parts.plots.plot import ACCENT, HEIGHT, TERMS, LossPlot

FALLING = {"similarity": {t: 5 / t for t in range(1, 51)}, "continuity": dict.fromkeys([50], 0.25)}
NAN = math.nan


@pytest.fixture
def plot(qtbot) -> LossPlot:
    made = LossPlot()
    qtbot.addWidget(made)
    made.resize(300, HEIGHT)
    return made


def colours(plot: LossPlot) -> list[list[QColor]]:
    """Columns of pixels, from the left."""
    image = plot.grab().toImage()
    height = range(image.height())
    return [[QColor(image.pixel(x, y)) for y in height] for x in range(image.width())]


def accented(plot: LossPlot) -> list[int]:
    """Columns in which much is of the accent's hue."""
    hue = QColor(ACCENT).hue()
    alike = [
        sum(abs(c.hue() - hue) < 10 and c.saturation() > 80 for c in column)
        for column in colours(plot)
    ]
    return [x for x, count in enumerate(alike) if count > HEIGHT / 2]


def inked(plot: LossPlot) -> int:
    """Pixels that differ from the background."""
    back = plot.palette().window().color().lightness()
    return sum(abs(c.lightness() - back) > 100 for column in colours(plot) for c in column)


@pytest.mark.parametrize(
    "losses",
    [
        {},
        {"a": {}},
        {"a": {3: 1.0}},
        {"a": {3: NAN}},
        {"a": {1: 1.0, 2: 1.0}},
        {"a": {1: -1e300, 2: 1e300}},
        {"a": {t: 1e-9 * t**5 for t in range(3000)}},
        FALLING,
    ],
)
@pytest.mark.parametrize("width", [1, 20, 300])
def test_whatever_is_shown_it_paints(plot, losses, width):
    plot.resize(width, HEIGHT)
    plot.show_losses(losses)
    plot.mark(2)
    assert not plot.grab().isNull()


def test_it_draws_the_curve_and_clears_it(plot):
    empty = inked(plot)
    plot.show_losses(FALLING)
    assert inked(plot) > empty + 200
    plot.clear()
    assert inked(plot) == empty


def test_the_curve_falls_from_the_left_to_the_right(plot):
    plot.show_losses({"a": {1: 3.0, 2: 1.0}})
    area = plot._area()
    back = plot.palette().window().color().lightness()
    at = [area.left() + share * area.width() for share in (0.25, 0.75)]
    columns = colours(plot)
    heights = [
        min(y for y, c in enumerate(columns[round(x)]) if abs(c.lightness() - back) > 100)
        for x in at
    ]
    assert heights[0] < HEIGHT / 2 < heights[1]


@pytest.mark.parametrize(("iteration", "share"), [(1, 0), (26, 25 / 49), (50, 1)])
def test_the_mark_stands_at_its_iteration(plot, iteration, share):
    plot.show_losses(FALLING)
    assert accented(plot) == []
    plot.mark(iteration)
    area = plot._area()
    (*_, column) = accented(plot)
    assert abs(column - (area.left() + share * area.width())) <= 1.5


@pytest.mark.parametrize("iteration", [None, 0, 51])
def test_no_mark_or_one_outside_is_not_drawn(plot, iteration):
    plot.show_losses(FALLING)
    plot.mark(5)
    plot.mark(iteration)
    assert accented(plot) == []


@pytest.mark.parametrize(("share", "iteration"), [(0, 1), (0.52, 26), (1, 50), (1.5, 50), (-1, 1)])
def test_a_click_picks_the_nearest_iteration(plot, qtbot, share, iteration):
    plot.show_losses(FALLING)
    area = plot._area()
    x = min(max(area.left() + share * area.width(), 0), plot.width() - 1)
    with qtbot.waitSignal(plot.picked, timeout=120_000) as told:
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(round(x), 30))
    assert told.args == [iteration]


def test_a_click_picks_nothing_where_there_is_nothing(plot, qtbot):
    with qtbot.assertNotEmitted(plot.picked):
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton)
    plot.show_losses(FALLING)
    with qtbot.assertNotEmitted(plot.picked):
        qtbot.mouseClick(plot, Qt.MouseButton.RightButton)


def test_texts_are_short_and_the_tooltip_has_every_term(plot):
    plot.show_losses({"a": {1: 123.456, 2: 0.0012345}, "b": {1: 1.0}})
    assert plot._texts() == ("124", "0.00123", "2")
    assert "logarithmic" in plot.toolTip()
    plot.show_losses(FALLING)
    assert "At iteration 50:<br>similarity: 0.1<br>continuity: 0.25" in plot.toolTip()
    assert "logarithmic" not in plot.toolTip()
    plot.show_losses({"first": {0: 1.0}, "second": {1: 2.0}})
    assert "At iteration 1:<br>second: 2</p>" in plot.toolTip(), "not what ended before"
    plot.clear()
    assert "during a run" in plot.toolTip()


@pytest.mark.parametrize(("text", "back"), [("white", "black"), ("black", "white")])
def test_it_is_drawn_in_the_colour_of_text(plot, text, back):
    palette = QPalette(QColor(back))
    palette.setColor(QPalette.ColorRole.Window, QColor(back))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(text))
    plot.setPalette(palette)
    plot.show_losses(FALLING)
    assert inked(plot) > 200


def shaded(plot: LossPlot, shade: str, *, below: int = 0) -> int:
    """Pixels of about a term's hue."""
    hue = QColor(shade).hue()
    found = (c for column in colours(plot) for c in column[below:])
    return sum(abs(c.hue() - hue) < 8 and c.saturation() > 80 for c in found)


def test_every_term_has_its_name_and_its_line_in_one_colour(plot):
    plot.resize(300, plot.sizeHint().height())
    plot.show_losses({"labels": {1: 3.0, 9: 2.0}})
    assert [shaded(plot, shade) for shade in TERMS[:2]] == [0, 0]
    plot.show_losses({"labels": {1: 3.0, 9: 2.0}, "cut": {1: 1.0, 9: 0.5}})
    plot.resize(300, plot.sizeHint().height())
    names = plot.fontMetrics().height()
    for shade in TERMS[:2]:
        assert shaded(plot, shade, below=names) > 100
        assert shaded(plot, shade) > shaded(plot, shade, below=names) + 10
    assert shaded(plot, TERMS[2]) == 0


def test_names_take_a_line_of_their_own(plot):
    alone = plot._area()
    plot.show_losses(FALLING)
    assert plot._area().top() == alone.top() + plot.fontMetrics().height()
    assert plot.sizeHint().height() == HEIGHT + plot.fontMetrics().height()


def test_its_height_is_small_and_fixed(plot):
    assert plot.sizeHint().height() == HEIGHT == 64
    assert plot.sizePolicy().verticalPolicy() == plot.sizePolicy().Policy.Fixed
