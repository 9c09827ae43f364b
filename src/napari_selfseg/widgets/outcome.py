"""What is left of a run: every iteration kept, shown in its layer as classes or objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from napari.utils.colormaps import label_colormap
from numpy.typing import NDArray

from napari_selfseg.objects import connected, merged_small
from napari_selfseg.widgets.layers import METADATA
from napari_selfseg.widgets.results import add_labels, palette, settle

if TYPE_CHECKING:
    from napari_selfseg.protocol import Run
    from napari_selfseg.widgets.state import Request

__all__ = ["Outcome"]

COLOURS: Final = 49


class Outcome:
    """The evolution behind a labels layer.

    Parameters
    ----------
    viewer : napari.Viewer
        With the layer.
    source : napari.layers.Image
        The image layer.
    layer : napari.layers.Labels
        With the labels of the end.
    request : Request
        What was run.
    run : Run
        Its iterations.

    Attributes
    ----------
    layer : napari.layers.Labels
        The layer that shows them; another one after labels were edited by hand.
    classes : ndarray of int
        The class of each pixel of what is shown, ``(*spatial)`` of the part.
    """

    def __init__(self, viewer: Any, source: Any, layer: Any, request: Request, run: Run) -> None:
        self.source = source
        self.layer = layer
        self.request = request
        self.run = run
        self.classes = run.labels()
        self._viewer = viewer
        self._shown = np.array(layer.data)

    def show(self, iteration: int, *, objects: bool = False, smallest: int = 0) -> None:
        """Show other labels.

        Parameters
        ----------
        iteration : int
            One of those kept.
        objects : bool
            Whether every connected piece gets a label of its own.
        smallest : int
            Pieces of fewer pixels take the label of a neighbour.
        """
        if self.edited:
            self._leave()
        self.classes = self.run.labels(iteration)
        if smallest:
            self.classes = merged_small(self.classes, smallest)
        self._write(connected(self.classes) if objects else self.classes, objects)
        record = {**self.run.record(iteration), "source": self.request.source}
        if objects or smallest:
            record["objects"] = {"connected": objects, "minimum_size": smallest}
        settle(self.layer, record)

    @property
    def edited(self) -> bool:
        """Whether somebody painted into the labels since they were shown."""
        return not np.array_equal(self.layer.data, self._shown)

    @property
    def count(self) -> int:
        """Number of labels shown."""
        return int(np.count_nonzero(np.bincount(self._shown.ravel())[1:]))

    @property
    def record(self) -> Mapping[str, Any]:
        """How the labels shown were made."""
        return self.layer.metadata[METADATA]

    def _write(self, labels: NDArray[Any], objects: bool) -> None:
        shown = labels.reshape(self.layer.data.shape)
        self.layer.features = {}
        if shown.dtype == self.layer.data.dtype:
            self.layer.data[...] = shown
            self.layer.refresh()
        else:
            # The colours first: a palette of few classes repeats them for many objects.
            n = self.run.method.n_classes
            self.layer.colormap = label_colormap(COLOURS) if objects else palette(n)
            self.layer.data = np.array(shown)
        self._shown = np.array(shown)

    def _leave(self) -> None:
        """Leave labels that were edited to the user, and go on in a new layer."""
        self.layer.metadata[METADATA] = {**self.record, "edited": True}
        self.layer.name = f"{self.layer.name} (edited)"
        self.layer.visible = False
        self.layer = add_labels(self._viewer, self.source, self.request)
