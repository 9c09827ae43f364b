"""What is left of a run: every iteration kept, shown in its layer as classes or objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

__all__ = ["Found", "Outcome", "Wanted"]

COLOURS: Final = 49
QUICK_PIXELS: Final = 1 << 21


@dataclass(frozen=True)
class Wanted:
    """What to show of a run.

    Attributes
    ----------
    iteration : int
        One of those kept.
    objects : bool
        Whether every connected piece gets a label of its own.
    smallest : int
        Pieces of fewer pixels take the label of a neighbour.
    """

    iteration: int
    objects: bool = False
    smallest: int = 0


@dataclass(frozen=True)
class Found:
    """Labels that can be shown.

    Attributes
    ----------
    wanted : Wanted
        What was asked for.
    classes, labels : ndarray of int
        The class of each pixel, and what is shown.
    count : int
        Number of labels.
    """

    wanted: Wanted
    classes: NDArray[Any]
    labels: NDArray[Any]
    count: int


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
    version : int
        Grows whenever other labels are shown.
    """

    def __init__(self, viewer: Any, source: Any, layer: Any, request: Request, run: Run) -> None:
        self.source = source
        self.layer = layer
        self.request = request
        self.run = run
        self.version = 0
        self._viewer = viewer
        self._shown = np.array(layer.data)
        self.classes = self._shown.reshape(request.shape)

    def find(self, wanted: Wanted) -> Found:
        """Make other labels; slow for pieces of large images, so call it in a worker thread.

        Parameters
        ----------
        wanted : Wanted
            Which.

        Returns
        -------
        Found
            For `show`.
        """
        classes = self.run.labels(wanted.iteration)
        if wanted.smallest:
            classes = merged_small(classes, wanted.smallest)
        labels = connected(classes) if wanted.objects else classes
        return Found(wanted, classes, labels, len(np.unique(labels[labels > 0])))

    def quick(self, wanted: Wanted) -> bool:
        """Say whether labels are made so fast that nobody waits for them."""
        plain = not (wanted.objects or wanted.smallest)
        return plain and self.request.pixels <= QUICK_PIXELS

    def show(self, found: Found) -> None:
        """Show other labels.

        Parameters
        ----------
        found : Found
            From `find`.
        """
        if self.edited:
            self._leave()
        wanted, self.classes = found.wanted, found.classes
        self._write(found.labels, wanted.objects)
        record = {**self.run.record(wanted.iteration), "source": self.request.source}
        if wanted.objects or wanted.smallest:
            record["objects"] = {"connected": wanted.objects, "minimum_size": wanted.smallest}
        settle(self.layer, record)

    def mark_edits(self) -> None:
        """Note in the record whether somebody painted into the labels."""
        if self.edited:
            self.layer.metadata[METADATA] = {**self.record, "edited": True}

    @property
    def edited(self) -> bool:
        """Whether somebody painted into the labels since they were shown."""
        return not np.array_equal(self.layer.data, self._shown)

    @property
    def record(self) -> Mapping[str, Any]:
        """How the labels shown were made."""
        return self.layer.metadata[METADATA]

    def _write(self, labels: NDArray[Any], objects: bool) -> None:
        shown = labels.reshape(self.layer.data.shape)
        self.layer.features = {}
        self.version += 1
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
        self.mark_edits()
        self.layer.name = f"{self.layer.name} (edited)"
        self.layer.visible = False
        self.layer = add_labels(self._viewer, self.source, self.request)
