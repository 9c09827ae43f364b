"""A bar that takes little while nobody knows how far something is."""

from qtpy.QtGui import QColor
from qtpy.QtWidgets import QProgressBar

from napari_selfseg.widgets.parts.calm_bar import CalmBar


class Counted(CalmBar):
    """Counts its paintings."""

    painted = 0

    def paintEvent(self, event):  # noqa: N802 - Qt's name
        """Paint, and count."""
        type(self).painted += 1
        super().paintEvent(event)


def shown(bar, qtbot):
    qtbot.addWidget(bar)
    bar.resize(200, 24)
    bar.show()
    qtbot.waitExposed(bar)
    return bar


def picture(bar):
    image = bar.grab().toImage()
    return [QColor(image.pixel(x, image.height() // 2)).getRgb() for x in range(image.width())]


def test_it_is_painted_a_few_times_a_second_and_moves(qtbot):
    bar = shown(Counted(), qtbot)
    bar.setRange(0, 0)
    qtbot.wait(100)
    before, first = Counted.painted, picture(bar)
    qtbot.wait(1600)
    assert 2 <= Counted.painted - before <= 8
    assert picture(bar) != first


def test_where_it_is_known_how_far_it_is_it_is_a_plain_bar(qtbot):
    bars = [shown(kind(), qtbot) for kind in (CalmBar, QProgressBar)]
    for bar in bars:
        bar.setRange(0, 10)
        bar.setValue(4)
    assert picture(bars[0]) == picture(bars[1])


def test_nothing_moves_where_it_is_hidden(qtbot):
    bar = shown(CalmBar(), qtbot)
    assert bar._timer.isActive()
    bar.hide()
    assert not bar._timer.isActive()
