"""The Compare dock: two results side by side, and one press back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from napari.layers import Image, Labels

from napari_selfseg.widgets.canvas.layer_watcher import LayerWatcher
from napari_selfseg.widgets.canvas.layers import METADATA, finest, is_mark
from napari_selfseg.widgets.compare._comparing import Compared, compared
from napari_selfseg.widgets.compare._stage import Stage
from napari_selfseg.widgets.compare._view import CompareView
from napari_selfseg.widgets.parts.access.keys import RUN, STOP, Presses
from napari_selfseg.widgets.work.dock.work_dock import DockBase

if TYPE_CHECKING:
    from napari import Viewer

__all__ = ["CompareDock"]

NOTHING: Final = "Make or open two labels layers of one shape first: run twice, for example."
ALONE: Final = "{name} is compared with labels of the same shape, and there are no others."
READY: Final = "Ready."
WORKING: Final = "Comparing..."
NONE: Final = ("none", None)


class CompareDock(DockBase):
    """Compare two results."""

    view: CompareView
    remembered_as = "compare"

    def __init__(self, napari_viewer: Viewer) -> None:
        view = CompareView()
        super().__init__(napari_viewer, view, self._refuse)
        self._stage = Stage(napari_viewer)
        self._live = self._staging = False
        self._watch = LayerWatcher(napari_viewer, self._offer, self._forget)
        view.one.chosen.connect(self._offer_others)
        view.other.chosen.connect(self._look)
        view.run.clicked.connect(self.start)
        view.stop.clicked.connect(self.back)
        view.marked.toggled.connect(self._stage.mark)
        self._memory.recall()
        self._open_from_now()

    @property
    def up(self) -> bool:
        """Whether two results are side by side."""
        return self._stage.up

    @property
    def live(self) -> bool:
        """Whether two results are being compared."""
        return self._live

    def start(self) -> None:
        """Show two results side by side."""
        view = self.view
        one, other, image = view.one.thing, view.other.thing, view.image.thing
        if self._live or self._stage.up or one is None or other is None:
            return
        self._live = True
        view.show_live(WORKING)
        first, second = finest(one), finest(other)

        def put(found: Compared) -> None:
            self._live = False
            self._show(one, other, image, found)

        self._tasks.begin(lambda: compared(np.asarray(first), np.asarray(second)), put, "Comparing")

    def back(self) -> None:
        """Show the layers as they were before."""
        if self._stage.up:
            self._stage.take_away()
            self.view.show_up(False)
            self._look()

    def _presses(self) -> Presses:
        return {RUN: self.view.run.click, STOP: self.view.stop.click}

    def _end(self) -> None:
        super()._end()
        self._live = False
        self.back()

    def _show(self, one: Any, other: Any, image: Any, found: Compared) -> None:
        self._staging = True
        try:
            self._stage.put(one, other, image, found, marked=self.view.marked.isChecked())
        finally:
            self._staging = False
        self.view.figures.setText(found.words(one.name, other.name))
        self.view.show_up(True)
        self.view.say("")
        self.ended.emit()

    def _refuse(self, sentence: str) -> None:
        self._live = False
        self.view.show_up(False)
        self.view.show_error(sentence)
        self.ended.emit()

    # Layers

    def _offer(self) -> None:
        if self._staging or self._stage.up:
            return
        labels = self._watch.labels()
        pairs = [each for _, each in labels if _partners(each, labels)]
        kept = self.view.one.thing
        self.view.image.offer([NONE, *self._watch.images()])
        self.view.one.offer(labels, kept if kept in pairs else next(iter(pairs), None))

    def _offer_others(self) -> None:
        one = self.view.one.thing
        self.view.other.offer(_partners(one, self._watch.labels()))
        self.view.image.choose(_below(one, [layer for _, layer in self._watch.images()]))

    def _look(self) -> None:
        """Say what is missing."""
        if self._live or self._stage.up:
            return
        one, other = self.view.one.thing, self.view.other.thing
        alone = NOTHING if one is None else ALONE.format(name=one.name)
        missing = "" if other is not None else alone
        self.view.show_ready(missing or READY, missing)

    def _forget(self, layer: Any) -> None:
        """Go back where a layer went that is compared."""
        if self._stage.up and not is_mark(layer) and isinstance(layer, Labels | Image):
            self.back()


def _partners(one: Any, named: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return the other labels of the same shape."""
    if one is None:
        return []
    shape = tuple(finest(one).shape)
    return [
        (name, each) for name, each in named if each != one and tuple(finest(each).shape) == shape
    ]


def _below(labels: Any, images: list[Any]) -> Any:
    """Return the image that labels are of by their record, or one of their size."""
    if labels is None:
        return None
    record = labels.metadata.get(METADATA) or {}
    names = [each["name"] for each in record.get("images", ())]
    named = [each for each in images if each.name in names]
    alike = [each for each in images if np.allclose(each.extent.world, labels.extent.world)]
    return next(iter((*named, *alike)), None)
