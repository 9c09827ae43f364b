"""Superpixels as layers: the layer itself, and what marks the picked ones and the points."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from napari.layers import Labels, Points
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap, label_colormap

from napari_selfseg.widgets.canvas.layers import MARK, METADATA, placed
from napari_selfseg.widgets.model.image_source import ALL

if TYPE_CHECKING:
    from napari_selfseg.widgets.superpixels._making import Made, Wanted

__all__ = ["Marks", "add_superpixels", "note_edits", "show_boundaries"]

OPACITY: Final = 0.55  # what is below the lines stays visible
# Lines are two pixels wide, and so cover most of small superpixels.
FINE: Final = 40
FINE_OPACITY: Final = 0.3
LINES: Final = (1.0, 0.85, 0.1, 1.0)
PICKED: Final = (0.1, 0.9, 1.0, 1.0)
PICKED_OPACITY: Final = 0.5
POINT: Final = "#ff3ea5"
POINT_PIXELS: Final = 12


def add_superpixels(
    viewer: Any, source: Any, wanted: Wanted, made: Made, *, boundaries: bool
) -> Any:
    """Add superpixels over their image.

    Parameters
    ----------
    viewer : napari.Viewer
        Where to add them. Earlier superpixels of the image are hidden.
    source : napari.layers.Image
        The image.
    wanted : Wanted
        What was asked for.
    made : Made
        What came of it.
    boundaries : bool
        Whether to show them as lines.

    Returns
    -------
    napari.layers.Labels
    """
    _hide_earlier(viewer, source.name)
    layer = Labels(
        made.edits.labels,
        name=f"{source.name} [{wanted.algorithm.title}]",
        metadata={METADATA: dict(made.record)},
        opacity=OPACITY if made.edits.median_size >= FINE else FINE_OPACITY,
        **placed(source, wanted.index),
    )
    show_boundaries(layer, boundaries)
    return viewer.add_layer(layer)


def show_boundaries(layer: Any, shown: bool) -> None:
    """Show superpixels as lines, or filled.

    Parameters
    ----------
    layer : napari.layers.Labels
        Lines are of one colour where the labels are superpixels by their record; the classes of
        a segmentation keep theirs.
    shown : bool
        Whether as lines.
    """
    if shown == bool(layer.contour):
        return
    if _made_here(layer):
        layer.colormap = _lines() if shown else label_colormap()
    layer.contour = int(shown)


def note_edits(layer: Any, edited: bool) -> None:
    """Note in the record whether labels are still what the algorithm made.

    Parameters
    ----------
    layer : napari.layers.Labels
        One without a record is left alone: its labels come from nowhere else.
    edited : bool
        Whether they are not.
    """
    record: Mapping[str, Any] | None = layer.metadata.get(METADATA)
    if record:
        rest = {key: value for key, value in record.items() if key != "edited"}
        layer.metadata[METADATA] = {**rest, "edited": True} if edited else rest


class Marks:
    """Layers that show what is picked, without a change of the labels; for a while only.

    Parameters
    ----------
    viewer : napari.Viewer
        Where they are added.
    layer : napari.layers.Labels
        With the superpixels. Its array is shared, so picking costs no memory.
    """

    def __init__(self, viewer: Any, layer: Any) -> None:
        self._viewer = viewer
        self._layer = layer
        common = {**placed(layer, (ALL,) * layer.ndim), "metadata": {MARK: True}}
        self._picked = Labels(
            layer.data,
            name="Picked superpixels",
            opacity=PICKED_OPACITY,
            colormap=_only(()),
            **common,
        )
        self._points = Points(
            ndim=layer.ndim,
            name="Split here",
            face_color=POINT,
            border_color="white",
            border_width=0.1,
            # Of one size on the screen, however close one looks.
            canvas_size_limits=(POINT_PIXELS, POINT_PIXELS),
            **common,
        )
        for each in (self._picked, self._points):
            each.editable = False
            self._add(each)

    def show(self, picked: Sequence[int], points: Sequence[Sequence[int]]) -> None:
        """Mark other superpixels and points.

        Parameters
        ----------
        picked : sequence of int
            Superpixels.
        points : sequence of sequence of int
            Pixels.
        """
        self._picked.colormap = _only(picked)
        self._points.data = np.reshape(points, (-1, self._layer.ndim))

    def refresh(self) -> None:
        """Draw again what shares the array of the superpixels."""
        self._layer.refresh()
        self._picked.refresh()

    def remove(self) -> None:
        """Take the marks out of the viewer."""
        for each in (self._picked, self._points):
            # Somebody may have removed it by hand.
            with contextlib.suppress(ValueError):
                self._viewer.layers.remove(each)

    def _add(self, mark: Any) -> None:
        selected = self._viewer.layers.selection.active
        self._viewer.add_layer(mark)
        self._viewer.layers.selection.active = selected


def _only(numbers: Sequence[int]) -> DirectLabelColormap:
    colours: dict[int | None, Any] = {None: np.zeros(4), 0: np.zeros(4)}
    return DirectLabelColormap(color_dict=colours | dict.fromkeys(numbers, np.array(PICKED)))


def _lines() -> CyclicLabelColormap:
    return CyclicLabelColormap(colors=[(0, 0, 0, 0), LINES], background_value=0)


def _made_here(layer: Any) -> bool:
    record = layer.metadata.get(METADATA)
    return bool(record) and record.get("method") is None


def _hide_earlier(viewer: Any, name: str) -> None:
    """Hide the superpixels there are of an image; segmentations stay."""
    for layer in viewer.layers:
        if _made_here(layer) and layer.metadata[METADATA]["images"][0]["name"] == name:
            layer.visible = False
