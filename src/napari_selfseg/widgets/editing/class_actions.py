"""Classes of objects: chosen and named in a table, shown as colours of the layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from superqt.utils import signals_blocked

from napari_selfseg.widgets.canvas.colours.standing_off import Hues
from napari_selfseg.widgets.canvas.drawing_layers import NAMES
from napari_selfseg.widgets.editing.colours import ClassColours
from napari_selfseg.widgets.editing.reviewer import Reviewer
from napari_selfseg.widgets.editing.table import Told, followed
from napari_selfseg.widgets.views.view import SegmentView

__all__ = ["ClassActions"]

FEWEST: Final = 2


class ClassActions:
    """The class that is given next, and the names and colours of all.

    Parameters
    ----------
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
        view: SegmentView,
        say: Callable[[str], None],
        picked: Callable[[], None],
        named: Callable[[], None],
    ) -> None:
        self.number = 1
        self._table = view.review.classes
        # One switch in two places.
        self._switches = view.review.colours, view.result.legend.by_class
        self._say, self._picked, self._named = say, picked, named
        self._layer: Any = None
        self._colours: ClassColours | None = None
        self._classes: Mapping[int, int] = {}
        # Whether kinds are to be seen as colours once there are some.
        self._wished = True
        self._table.picked.connect(self._pick)
        self._table.added.connect(self._add)
        self._table.changed.connect(self._keep_names)
        for each in self._switches:
            each.toggled.connect(self._switch)

    @property
    def names(self) -> dict[int, str]:
        """Names of classes."""
        return self._table.names()

    def begin(self, layer: Any, classes: Mapping[int, int], hues: Hues) -> None:
        """Offer the classes of a layer; `classes` is the class by object."""
        if self._colours is None or self._colours.layer != layer:
            self._colours = ClassColours(layer, hues)
        self._layer, self._classes = layer, classes
        self._offer_all()

    def sort(self, reviewer: Reviewer, found: Told, names: Mapping[int, str]) -> None:
        """Offer the kinds that objects were found to be of, and show them.

        The kinds are of objects that nobody has corrected since.
        """
        begun = reviewer.begun
        reviewer.sort(found.classes)
        layer = reviewer.subject.layer
        layer.metadata[NAMES] = named = {**names, **layer.metadata.get(NAMES, {})}
        told = reviewer.objects if begun else found
        layer.features = followed(layer.features, told, named, reviewer.certainty, ())
        self._classes = reviewer.classes
        self._offer_all()
        several = len(set(self._classes.values())) > 1
        self._check(self._wished and several)
        self.paint(self._classes)

    def let_go(self, *, corrected: bool) -> None:
        """Leave the layer, in its own colours unless a person corrected it."""
        if self._colours is not None and not (corrected and self._classes):
            self._colours.hide()
            self._colours = None
        self._layer, self._classes = None, {}
        self._check(False)

    def paint(self, classes: Mapping[int, int]) -> None:
        """Show objects in the colours of their classes, where that is wanted."""
        self._classes = classes
        if self._colours is not None and self._switches[0].isChecked():
            self._colours.show(classes)
        elif self._colours is not None:
            self._colours.hide()

    def turn(self) -> None:
        """Choose the next class, and after the last the first."""
        self._choose(self.number % self._table.table.rowCount() + 1)

    def _switch(self, on: bool) -> None:
        if self._classes:
            self._wished = on
        self._check(on)
        self.paint(self._classes)

    def _check(self, on: bool) -> None:
        with signals_blocked(*self._switches):
            for each in self._switches:
                each.setChecked(on)

    def _offer_all(self) -> None:
        names = self._layer.metadata.get(NAMES, {})
        self._offer(max([FEWEST, *names, *self._classes.values()]), names)

    def _offer(self, count: int, names: Mapping[int, str]) -> None:
        if self._colours is None:
            return
        numbers = range(1, count + 1)
        self._table.show_classes(list(numbers), list(map(self._colours.of, numbers)), names)
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
