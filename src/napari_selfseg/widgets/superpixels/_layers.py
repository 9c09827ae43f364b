"""Superpixels as layers: added over their image, as lines or filled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from napari.layers import Labels
from napari.utils.colormaps import CyclicLabelColormap, label_colormap

from napari_selfseg.widgets.canvas.layers import METADATA, placed

if TYPE_CHECKING:
    from napari_selfseg.widgets.superpixels._making import Made, SuperpixelRequest

__all__ = ["add_superpixels", "note_edits", "show_boundaries"]

OPACITY: Final = 0.55  # what is below the lines stays visible
# Lines are two pixels wide, and so cover most of small superpixels.
FINE: Final = 40
FINE_OPACITY: Final = 0.3
LINES: Final = (1.0, 0.85, 0.1, 1.0)


def add_superpixels(
    viewer: Any, source: Any, request: SuperpixelRequest, made: Made, *, boundaries: bool
) -> Any:
    """Add superpixels over their image, and hide earlier ones of it.

    `boundaries` shows them as lines.
    """
    _hide_earlier(viewer, source.name)
    layer = Labels(
        made.edits.labels,
        name=f"{source.name} [{request.algorithm.title}]",
        metadata={METADATA: dict(made.record)},
        opacity=OPACITY if made.edits.median_size >= FINE else FINE_OPACITY,
        **placed(source, request.index),
    )
    show_boundaries(layer, boundaries)
    return viewer.add_layer(layer)


def show_boundaries(layer: Any, shown: bool) -> None:
    """Show superpixels as lines, or filled.

    Lines are of one colour where the labels are superpixels by their record; the classes of a
    segmentation keep theirs.
    """
    if shown == bool(layer.contour):
        return
    if _made_here(layer):
        layer.colormap = _lines() if shown else label_colormap()
    layer.contour = int(shown)


def note_edits(layer: Any, edited: bool) -> None:
    """Note in the record whether labels are no longer what the algorithm made.

    A layer without a record is left alone: nothing is known of its labels.
    """
    record: Mapping[str, Any] | None = layer.metadata.get(METADATA)
    if record:
        rest = {key: value for key, value in record.items() if key != "edited"}
        layer.metadata[METADATA] = {**rest, "edited": True} if edited else rest


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
