"""Labels layers shown as lines that can be seen, however far away or near one looks."""

from __future__ import annotations

import weakref
from typing import Any, Final

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.layers import METADATA, camera_of, is_mark
from napari_selfseg.widgets.model.looks.lines import drawn, width_of

__all__ = ["drawn_fast", "fit_lines", "is_result", "outline"]

# In the metadata of a layer: that a run shows in it, and what lines have changed of it.
RESULT: Final = "napari-selfseg labels"
LOOK: Final = "napari-selfseg lines"
OWN: Final = "_calculate_contour"


def drawn_fast(layer: Any) -> None:
    """Let a new layer of ours draw its lines in a time that hardly grows with their width.

    The layer is in no viewer yet. napari 0.9 takes 0.3 s for 2048 x 2048 labels and thin lines, at
    every change of theirs, and more than a second for lines of eight pixels. Where another version
    draws lines in another way, that way stays.
    """
    layer.metadata[RESULT] = True
    if not hasattr(layer, OWN):
        return
    found = weakref.ref(layer)

    def contour(labels: NDArray[Any], data_slice: tuple[slice, ...]) -> NDArray[Any] | None:
        here = found()
        if here is None or here.contour < 1 or labels.ndim > 2:
            return None
        return _part(labels, data_slice, int(here.contour), here.colormap.background_value)

    setattr(layer, OWN, contour)


def is_result(layer: Any) -> bool:
    """Say whether a layer holds labels of a run, live or finished."""
    if not isinstance(layer, Labels) or is_mark(layer):
        return False
    record = layer.metadata.get(METADATA)
    return RESULT in layer.metadata or bool(record and record.get("method"))


def outline(layer: Any, viewer: Any, screen: int, *, wanted: bool) -> None:
    """Show labels of a run as lines, or as areas.

    With the areas comes the opacity they had, unless somebody changed it meanwhile. `screen` is the
    height of the screen in pixels.
    """
    told = layer.metadata.get(LOOK)
    if wanted and told is None:
        width = width_of(_pixel(layer, viewer), screen)
        layer.metadata[LOOK] = {"width": width, "opacity": float(layer.opacity)}
        layer.opacity, layer.contour = 1.0, width
    elif not wanted and told is not None:
        del layer.metadata[LOOK]
        layer.contour = 0
        if layer.opacity == 1.0:
            layer.opacity = told["opacity"]


def fit_lines(layer: Any, viewer: Any, screen: int) -> None:
    """Adapt the width of lines to the zoom, unless somebody chose another one.

    `screen` is the height of the screen in pixels.
    """
    told = layer.metadata.get(LOOK)
    if told is None or layer.contour != told["width"]:
        return
    width = width_of(_pixel(layer, viewer), screen)
    if width != told["width"]:
        told["width"] = layer.contour = width


def _pixel(layer: Any, viewer: Any) -> float:
    """Return the size of a pixel of the data on the screen."""
    axis = viewer.dims.order[-1] - viewer.dims.ndim
    size = abs(float(layer.scale[axis]))
    if layer.multiscale:
        size *= float(layer.downsample_factors[layer.data_level][axis])
    return size * float(camera_of(viewer).zoom)


def _part(
    labels: NDArray[Any], where: tuple[slice, ...], width: int, background: int
) -> NDArray[Any]:
    """Draw a part as it is drawn in the whole."""
    wide = tuple(slice(max(each.start - width, 0), each.stop + width) for each in where)
    inner = tuple(
        slice(each.start - wider.start, each.stop - wider.start)
        for each, wider in zip(where, wide, strict=True)
    )
    return np.ascontiguousarray(drawn(labels[wide], width, background)[inner])
