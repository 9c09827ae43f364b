"""The legend of the labels in view, counted as they change, and what a click on a line does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_selfseg.widgets.canvas.drawing_layers import NAMES
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.canvas.looks.chosen import ChosenLabel
from napari_selfseg.widgets.canvas.looks.described import (
    SHOWS,
    CountableLabels,
    countable_labels,
    of_labels,
    own_names,
    turn_to,
)
from napari_selfseg.widgets.model.looks.counting import AT_ONCE, Counted, counted
from napari_selfseg.widgets.model.looks.legend import Legend, groups_of, legend
from napari_selfseg.widgets.segment.looks.look_actions import screen_height
from napari_selfseg.widgets.views.looks.legend_view import LegendView
from napari_selfseg.widgets.work.task import Tasks

__all__ = ["LegendActions"]

# While labels change all the time, they are counted this often at most.
EVERY_MS: Final = 120
GROUPED: Final = ("objects", "pieces")
GONE: Final = "Label {number} is not there any more."


class LegendActions(QObject):
    """Keeps the legend up to date, and shows the label of a line.

    Parameters
    ----------
    shown : callable
        Returns the layer of the live run, or of the last one; None where there is none.
    names : callable
        Returns names that classes of a layer have from elsewhere.
    say : callable
        Called with a sentence.
    """

    def __init__(
        self,
        viewer: Any,
        view: LegendView,
        shown: Callable[[], Any],
        names: Callable[[Any], dict[int, str]],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(view)
        self._viewer, self._view = viewer, view
        self._shown, self._names, self._say = shown, names, say
        # Of its own: who waits for work of the dock does not wait for this.
        self._tasks = Tasks(self, say)
        self._layer: Any = None
        self._mark: ChosenLabel | None = None
        self._counting = self._again = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._count)
        view.seen.connect(self._timer.start)
        view.hidden.connect(self._unmark)
        view.picked.connect(self._pick)
        view.sought.connect(self._seek)
        view.named.connect(self._name)

    def begin(self) -> None:
        """Follow the layers: the dock is open."""
        self._viewer.layers.selection.events.active.connect(self.look)
        self.look()

    def end(self) -> None:
        """Follow them no longer."""
        self._viewer.layers.selection.events.active.disconnect(self.look)
        self._put(None)
        self._timer.stop()
        self._tasks.clear()

    def cover(self, covered: bool) -> None:
        """Take the mark away where a dialog opens: who saves all layers does not save it."""
        if covered:
            self._unmark()
            self._view.let_go()

    def look(self, event: object = None) -> None:
        """Turn to the labels that are selected, or else to those of the last run."""
        active = self._viewer.layers.selection.active
        wanted = active if of_labels(active) else self._shown()
        if wanted is not None and wanted not in self._viewer.layers:
            wanted = None
        if wanted != self._layer:
            self._put(wanted)

    def _put(self, layer: Any) -> None:
        before, self._layer = self._layer, layer
        self._unmark()
        if before is not None:
            for each in _events(before):
                each.disconnect(self._on_change)
        self._view.setVisible(layer is not None)
        if layer is None:
            return
        self._pass_on_names(before, layer)
        for each in _events(layer):
            each.connect(self._on_change)
        self._on_change()

    def _pass_on_names(self, before: Any, layer: Any) -> None:
        """Let a layer in which the slider goes on have the names that were given before."""
        if before is None or NAMES in layer.metadata or not before.metadata.get(NAMES):
            return
        if self._shown() == layer and before.metadata.get(METADATA, {}).get("edited"):
            layer.metadata[NAMES] = dict(before.metadata[NAMES])

    # Counting

    def _on_change(self, event: object = None) -> None:
        if self._mark is not None:
            if self._mark.true:
                self._mark.refresh()
            else:
                self._unmark()
        if not self._timer.isActive():
            self._timer.start()

    def _count(self) -> None:
        layer = self._layer
        # Nobody is to wait for what nobody sees.
        if layer is None or not self._view.isVisible():
            return
        if self._counting:
            self._again = True
            return
        countable = countable_labels(layer, self._viewer.dims)
        if countable.pixels < AT_ONCE and isinstance(countable.data, np.ndarray):
            self._show(layer, countable, counted(countable.read()))
            return
        self._counting = True
        self._tasks.begin(
            lambda: counted(countable.read()),
            lambda found: self._take(layer, countable, found),
            "Counting labels",
            self._refused,
        )

    def _refused(self, sentence: str) -> None:
        self._counting = False
        self._view.show_legend(Legend(sentence), (), editable=False)

    def _take(self, layer: Any, countable: CountableLabels, found: Counted) -> None:
        self._counting = False
        if layer == self._layer:
            self._show(layer, countable, found)
        if self._again or layer != self._layer:
            self._again = False
            self._count()

    def _show(self, layer: Any, countable: CountableLabels, found: Counted) -> None:
        kind = str(layer.metadata.get(SHOWS, "labels"))
        groups = groups_of(layer.features) if kind in GROUPED else {}
        own = own_names(layer) if groups or kind == "classes" else {}
        names = {**self._names(layer), **own}
        said = legend(
            found.times(countable.times), kind, countable.scale, names, groups, countable.where
        )
        colours = [_colour(layer, each.first) for each in said.rows]
        if said.grouped and not all(_of_one_colour(layer, groups, each) for each in said.rows):
            colours = [None for _ in colours]
        self._view.show_legend(said, colours, editable=kind == "classes")
        # The switch is one of the result, and not of other labels that are looked at.
        self._view.by_class.setVisible(said.grouped and layer == self._shown())

    # What a person does

    def _pick(self, number: int) -> None:
        if self._mark is not None and number == self._mark.number:
            self._unmark()
            self._view.let_go()
        else:
            self._seek(number)

    def _seek(self, number: int) -> None:
        """Show where a label is."""
        self._unmark()
        layer = self._layer
        if layer is None:
            self._view.let_go()
            return
        found = turn_to(self._viewer, layer, number)
        if found is None:
            self._say(GONE.format(number=number))
            return
        layer.selected_label = number
        if not layer.multiscale:
            self._mark = ChosenLabel(self._viewer, layer, number, screen_height())

    def _name(self, number: int, name: str) -> None:
        if self._layer is not None:
            before = {**self._names(self._layer), **own_names(self._layer)}
            named = {**before, number: name}
            self._layer.metadata[NAMES] = {key: each for key, each in named.items() if each}

    def _unmark(self) -> None:
        mark, self._mark = self._mark, None
        if mark is not None:
            mark.remove()


def _events(layer: Any) -> list[Any]:
    events = layer.events
    return [events.set_data, events.paint, events.labels_update, events.colormap, events.features]


def _colour(layer: Any, number: int) -> tuple[float, float, float] | None:
    found = layer.get_color(number)
    return None if found is None else (float(found[0]), float(found[1]), float(found[2]))


def _of_one_colour(layer: Any, groups: dict[int, int], row: Any) -> bool:
    """Say whether objects of a class have its colour, and not each its own; one alone has both."""
    some = [number for number, one in groups.items() if one == row.number][:3]
    return len({_colour(layer, number) for number in (row.first, *some)}) == 1
