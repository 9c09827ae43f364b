"""Text of ours can be read in napari's themes: 4.5 : 1 at least (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from napari.utils.theme import get_theme
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QComboBox, QLineEdit, QStyleOptionViewItem, QTextBrowser

from napari_selfseg.methods import Backprop
from napari_selfseg.widgets.batch._table import RED, EntryTable
from napari_selfseg.widgets.parts.contrast import ENOUGH, contrast, faint, hinted, legible
from napari_selfseg.widgets.parts.plots.plot import ACCENT, TERMS
from napari_selfseg.widgets.parts.style import BLUE, ERROR
from napari_selfseg.widgets.views.method.method_links import About
from napari_selfseg.widgets.views.method.method_page import show_page

GREYS = [f"#{value:02x}{value:02x}{value:02x}" for value in range(0, 256, 15)]


@pytest.fixture(params=["dark", "light"])
def theme(request):
    return get_theme(request.param)


def palette(theme, ground="background"):
    """Make the palette that napari's style sheet gives to a widget."""
    made, roles = QPalette(), QPalette.ColorRole
    text = QColor(theme.text.as_hex())
    for role in (roles.Window, roles.Base):
        made.setColor(role, QColor(getattr(theme, ground).as_hex()))
    for role in (roles.WindowText, roles.Text):
        made.setColor(role, text)
    return made


def on_ground(colour, theme):
    return contrast(QColor(colour), QColor(theme.background.as_hex()))


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [("white", "black", 21), ("#777777", "white", 4.48), ("red", "white", 4.0), ("red", "red", 1)],
)
def test_the_ratios_of_wcag(first, second, ratio):
    found = contrast(QColor(first), QColor(second))
    assert found == pytest.approx(ratio, abs=0.01)
    assert found == contrast(QColor(second), QColor(first))


@pytest.mark.parametrize("ground", ["background", "foreground"])
def test_colours_of_text_stand_off_what_is_behind(theme, ground):
    found = palette(theme, ground)
    for colour in (ACCENT, BLUE, RED, *TERMS, *GREYS):
        readable = legible(colour, found)
        assert contrast(readable, QColor(getattr(theme, ground).as_hex())) >= ENOUGH, colour
    assert contrast(faint(found), found.window().color()) >= ENOUGH
    assert contrast(faint(found), found.window().color()) < contrast(
        found.windowText().color(), found.window().color()
    ), "test invalid"


def test_a_colour_that_can_be_read_stays(theme):
    assert legible(theme.text.as_hex(), palette(theme)) == QColor(theme.text.as_hex())
    assert legible("#f2777a", palette(get_theme("dark"))) == QColor("#f2777a")


def test_errors_bring_what_is_behind_them():
    text, ground = re.fullmatch(r"color: (\w+); background: (#\w+);.*", ERROR).groups()
    assert contrast(QColor(text), QColor(ground)) >= ENOUGH


def test_links_follow_the_theme(qtbot):
    about = About()
    qtbot.addWidget(about)
    about.turn_to(Backprop)
    for name in ("light", "dark", "light"):
        about.setPalette(palette(get_theme(name)))
        colours = set(re.findall(r"color: (#\w+)", about.text()))
        assert len(colours) == 1
        assert on_ground(colours.pop(), get_theme(name)) >= ENOUGH


def test_links_of_a_page_can_be_read(qtbot, theme):
    parent = About()
    qtbot.addWidget(parent)
    parent.setPalette(palette(theme))
    browser = show_page(parent, Backprop).findChild(QTextBrowser)
    colours = set(re.findall(r'<a href[^>]*><span style="[^"]*color:(#\w+)', browser.toHtml()))
    ground = browser.palette().window().color()
    assert colours
    assert all(contrast(QColor(each), ground) >= ENOUGH for each in colours)


@pytest.mark.parametrize("kind", [QLineEdit, QComboBox])
def test_hints_follow_the_theme(qtbot, kind):
    widget = kind()
    qtbot.addWidget(widget)
    hinted(widget, "folder")
    for name in ("light", "dark", "light"):
        # napari's style sheet brings Qt's own colour of hints, half transparent, with each theme.
        found = palette(get_theme(name), "primary")
        half = found.color(QPalette.ColorRole.Text)
        half.setAlpha(128)
        found.setColor(QPalette.ColorRole.PlaceholderText, half)
        widget.setPalette(found)
        hint = widget.palette().color(QPalette.ColorRole.PlaceholderText)
        assert hint.alpha() == 255
        assert contrast(hint, QColor(get_theme(name).primary.as_hex())) >= ENOUGH


def test_states_of_a_batch_can_be_read(qtbot, theme):
    table = EntryTable()
    qtbot.addWidget(table)
    entries = [
        SimpleNamespace(image=f"{state}.png", state=state, sentence="", reason="")
        for state in ("failed", "left", "done")
    ]
    table._fill(entries)
    colours = []
    for row, entry in enumerate(entries):
        table.topLevelItem(row).setData(0, Qt.ItemDataRole.UserRole, entry.state)
        option = QStyleOptionViewItem()
        option.palette = palette(theme)
        index = table.model().index(row, 0)
        table.itemDelegate().initStyleOption(option, index)
        colours.append(option.palette.color(QPalette.ColorRole.Text).name())
    assert len(set(colours)) == 3
    assert all(on_ground(each, theme) >= ENOUGH for each in colours)
