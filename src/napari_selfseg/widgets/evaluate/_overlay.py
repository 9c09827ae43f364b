"""The layer that shows where labels and truth disagree; there for a while only."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from napari_selfseg.metrics import MERGED, SPLIT, disagreement, object_kinds
from napari_selfseg.widgets.canvas.layers import MARK, is_mark, placed
from napari_selfseg.widgets.evaluate._comparison import Comparison
from napari_selfseg.widgets.evaluate._legend import COLOURS, OBJECTS, Look, of_objects, of_pixels
from napari_selfseg.widgets.model.image_source import ALL

__all__ = ["Disagreeing", "Mark", "disagreeing"]

NAME: Final = "Disagreement"
OPACITY: Final = 0.6


@dataclass(frozen=True)
class Disagreeing:
    """Where labels and truth disagree.

    Attributes
    ----------
    where : ndarray of uint8
        From `napari_selfseg.metrics.disagreement` or `object_kinds`.
    said : dict of int to str
        How much there is of each kind.
    """

    where: NDArray[np.uint8]
    said: dict[int, str]


def disagreeing(comparison: Comparison, look: Look) -> Disagreeing:
    """Compare labels with a truth, pixel by pixel; slow for many, so for a worker thread.

    Raises
    ------
    ValueError
        When they cannot be compared, with the name of the labels layer.
    """
    part, truth = comparison.labels[0], comparison.truths[0].read()
    try:
        found = (_as_objects if look == OBJECTS else _as_segments)(part.read(), truth, comparison)
    except ValueError as error:
        raise ValueError(f"{part.name}: {error}") from error
    return Disagreeing(found.where.reshape(part.shape), found.said)


def _as_segments(labels: NDArray[Any], truth: NDArray[Any], comparison: Comparison) -> Disagreeing:
    where = disagreement(labels, truth, ignore=comparison.ignore)
    n = truth.size - int(np.isin(truth, comparison.ignore).sum())
    shares = {kind: int((where == kind).sum()) / n for kind in (SPLIT, MERGED)}
    return Disagreeing(where, of_pixels(shares))


def _as_objects(labels: NDArray[Any], truth: NDArray[Any], comparison: Comparison) -> Disagreeing:
    kinds = object_kinds(labels, truth, ignore=comparison.ignore, background=comparison.background)
    return Disagreeing(kinds.where, of_objects(kinds.segments, kinds.regions))


class Mark:
    """Adds the layer over labels, hides what would be seen through it, and puts all back."""

    def __init__(self, viewer: Any) -> None:
        self.layer: Any = None
        self._viewer = viewer
        self._hidden: list[Any] = []

    def put(self, where: NDArray[np.uint8], labels: Any) -> None:
        """Show where, as from `disagreeing`, labels and truth disagree."""
        selected = self._viewer.layers.selection.active
        for each in self._viewer.layers:
            # Labels below would mix their colours with these.
            if isinstance(each, Labels) and each.visible and not is_mark(each):
                each.visible = False
                self._hidden.append(each)
        self.layer = Labels(
            where,
            name=NAME,
            opacity=OPACITY,
            colormap=_colormap(),
            metadata={MARK: True},
            **placed(labels, (ALL,) * labels.ndim),
        )
        self.layer.editable = False
        self._viewer.add_layer(self.layer)
        self._viewer.layers.selection.active = selected

    def take_away(self) -> None:
        """Remove the layer, and show again what was hidden for it."""
        layer, self.layer = self.layer, None
        hidden, self._hidden = self._hidden, []
        if layer is not None:
            # Somebody may have removed it by hand.
            with contextlib.suppress(ValueError):
                self._viewer.layers.remove(layer)
        for each in hidden:
            each.visible = True


def _colormap() -> DirectLabelColormap:
    colours: dict[int | None, Any] = {None: np.zeros(4), 0: np.zeros(4)}
    return DirectLabelColormap(color_dict=colours | COLOURS)
