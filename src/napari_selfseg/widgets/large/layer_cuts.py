"""Segments of tiles in their layer, as few or as many as somebody chooses."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.label_storage import LabelStorage
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.model.image_source import Index

if TYPE_CHECKING:
    from napari_selfseg.scale import Plan, TileCuts

__all__ = ["LayerCuts"]


class LayerCuts:
    """Cuts of the tree of a large image, shown in the layer that its tiles have filled.

    What is looked at is made of the superpixels on the disk as it is read. Make it in a worker
    thread: it reads all of the work folder.

    Attributes
    ----------
    cuts : TileCuts
        The segments.
    storage : LabelStorage
        The labels as they are shown once another number was chosen.
    shown : bool
        Whether another number was chosen.
    took : float
        Seconds that the last cut took.
    """

    def __init__(self, plan: Plan, storage: LabelStorage) -> None:
        from napari_selfseg.scale import TileCuts

        with storage.held():
            self.cuts: TileCuts = TileCuts(plan)
        self.took = 0.0
        self.shown = False
        self._numbers: NDArray[np.int64] | None = None
        levels: list[Any] = list(self.cuts.levels)
        if storage.levels and isinstance(storage.levels[-1], np.ndarray):
            # That array stays, as napari reads it once.
            self._numbers, levels[-1] = levels[-1].numbers(), storage.levels[-1]
        shown = tuple(levels) if storage.levels else ()
        self.storage = replace(storage, array=levels[0], levels=shown)
        self.labels(self.cuts.wanted)

    def labels(self, n_segments: int) -> NDArray[np.uint32]:
        """Return what `show` shows; in any thread."""
        began = time.thread_time()
        found = self.cuts.labels(n_segments)
        self.took = time.thread_time() - began
        return found

    def show(self, layer: Any, index: Index, labels: NDArray[np.uint32], n_segments: int) -> None:
        """Show labels from `labels` in the layer, on the main thread."""
        for each in self.cuts.levels:
            each.labels = labels
        if self._numbers is not None:
            self.storage.levels[-1][...] = labels[self._numbers]
        if not self.shown:
            self.shown = True
            layer.data = self.storage.shown(index)
        # There is nothing that strokes could be written into.
        layer.editable = False
        layer.metadata[METADATA] = self.cuts.recorded(layer.metadata[METADATA], n_segments)
        layer.refresh()

    def kept(self) -> LabelStorage:
        """Return the labels shown now, which stay whatever is shown later."""
        finest = self.cuts.levels[0]
        return replace(self.storage, array=finest.at(finest.labels))

    def counted(self, record: Mapping[str, Any], storage: LabelStorage) -> dict[str, Any]:
        """Return the record of labels from `kept` with all that is in a file; slow."""
        with storage.held():
            return self.cuts.counted(record, storage.array)
