"""A bar that takes little while nobody knows how far something is."""

from qtpy.QtGui import QColor
from qtpy.QtWidgets import QProgressBar, QPushButton

from napari_selfseg.widgets.parts.calm_bar import CalmBar, RunButtons
from napari_selfseg.widgets.parts.style import why_not


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


def test_buttons_say_why_they_cannot_be_pressed(qtbot):
    run, stop = QPushButton("Run"), QPushButton("Stop")
    buttons = RunButtons(run, stop, "Nothing is running.")
    for each in (run, stop, buttons.bar):
        qtbot.addWidget(each)
    buttons.show_ready()
    assert (why_not(run), why_not(stop)) == ("", "Nothing is running.")
    buttons.show_live("One is live.")
    assert (why_not(run), why_not(stop)) == ("One is live.", "")
    assert buttons.bar.isVisible()
    buttons.show_ready()
    assert not buttons.bar.isVisible(), "it says nothing"
    buttons.show_live("One is live.")
    buttons.bar.setRange(0, 9)
    buttons.show_ready()
    assert buttons.bar.isVisible(), "how far it came"
