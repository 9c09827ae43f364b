"""Classes of objects: chosen and named in a table, shown as colours of the layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from superqt.utils import signals_blocked

from napari_selfseg.widgets.canvas.drawing_layers import NAMES
from napari_selfseg.widgets.editing.colours import ClassColours, colour_of
from napari_selfseg.widgets.views.review_view import ReviewView

__all__ = ["ClassActions"]

FEWEST: Final = 2


class ClassActions:
    """The class that is given next, and the names and colours of all.

    Parameters
    ----------
    page : ReviewView
        With the table.
    say : callable
        Called with a sentence.
    picked : callable
        Called when a class was clicked, to give it.
    named : callable
        Called when a class has another name.

    Attributes
    ----------
    number : int
        The class that is given, from 1.
    """

    def __init__(
        self,
        page: ReviewView,
        say: Callable[[str], None],
        picked: Callable[[], None],
        named: Callable[[], None],
    ) -> None:
        self.number = 1
        self._page, self._table = page, page.classes
        self._say, self._picked, self._named = say, picked, named
        self._layer: Any = None
        self._colours: ClassColours | None = None
        self._classes: Mapping[int, int] = {}
        self._table.picked.connect(self._pick)
        self._table.added.connect(self._add)
        self._table.changed.connect(self._keep_names)
        page.colours.toggled.connect(lambda _: self.paint(self._classes))

    @property
    def names(self) -> dict[int, str]:
        """Names of classes."""
        return self._table.names()

    def begin(self, layer: Any, classes: Mapping[int, int]) -> None:
        """Offer the classes of a layer.

        Parameters
        ----------
        layer : napari.layers.Labels
            With objects.
        classes : mapping of int to int
            Class by object.
        """
        self._layer, self._colours, self._classes = layer, ClassColours(layer), classes
        names = layer.metadata.get(NAMES, {})
        self._offer(max([FEWEST, *names, *classes.values()]), names)

    def let_go(self) -> None:
        """Leave the layer, in its own colours where nothing has a class."""
        if self._colours is not None and not self._classes:
            self._colours.hide()
        self._layer = self._colours = None
        with signals_blocked(self._page.colours):
            self._page.colours.setChecked(False)

    def paint(self, classes: Mapping[int, int]) -> None:
        """Show objects in the colours of their classes, where that is wanted.

        Parameters
        ----------
        classes : mapping of int to int
            Class by object.
        """
        self._classes = classes
        if self._colours is not None and self._page.colours.isChecked():
            self._colours.show(classes)
        elif self._colours is not None:
            self._colours.hide()

    def turn(self) -> None:
        """Choose the next class, and after the last the first."""
        self._choose(self.number % self._table.table.rowCount() + 1)

    def _offer(self, count: int, names: Mapping[int, str]) -> None:
        numbers = range(1, count + 1)
        self._table.show_classes(list(numbers), list(map(colour_of, numbers)), names)
        self._table.choose(self.number)

    def _choose(self, number: int) -> None:
        self.number = number
        self._table.choose(number)
        name = self.names.get(number, "")
        self._say(f"Class {number}{f', {name},' if name else ''} is given next.")

    def _pick(self, number: int) -> None:
        self.number = number
        self._picked()

    def _add(self) -> None:
        self._offer(self._table.table.rowCount() + 1, self.names)
        self._choose(self._table.table.rowCount())

    def _keep_names(self) -> None:
        if self._layer is not None:
            self._layer.metadata[NAMES] = self.names
            self._named()
