"""Between napari's layers and plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import CyclicLabelColormap
from napari.utils.transforms import Affine
from numpy.typing import NDArray
from skimage.color import hsv2rgb

from napari_selfseg.widgets.state import Index, Overlay, Picture, Request

__all__ = [
    "MARK",
    "METADATA",
    "add_labels",
    "describe_image",
    "describe_labels",
    "hide_earlier",
    "is_mark",
    "palette",
    "settle",
    "show",
]

MARK: Final = "napari-selfseg mark"
METADATA: Final = "napari-selfseg"
GOLDEN: Final = (5**0.5 - 1) / 2
SATURATIONS: Final = (0.45, 0.80, 0.62)
VALUES: Final = (0.95, 0.75)


def describe_image(layer: Any, dims: Any) -> Picture:
    """Describe an image layer.

    Parameters
    ----------
    layer : napari.layers.Image
        Chosen by the user.
    dims : napari.components.Dims
        Of the viewer: what is in view.

    Returns
    -------
    Picture
    """
    # A world of more axes than the layer shows the layer along its last ones.
    offset = dims.ndim - layer.ndim
    plane = tuple(sorted(axis - offset for axis in dims.order[-2:]))
    data = _full(layer)
    return Picture(
        name=layer.name,
        data=data,
        rgb=layer.rgb,
        scale=tuple(map(float, layer.scale)),
        position=_position(layer, dims, data.shape),
        plane=plane if plane[0] >= 0 else (layer.ndim - 2, layer.ndim - 1),
    )


def describe_labels(layer: Any) -> Overlay:
    """Describe a labels layer.

    Parameters
    ----------
    layer : napari.layers.Labels
        Chosen by the user.

    Returns
    -------
    Overlay
    """
    return Overlay(layer.name, _full(layer))


def add_labels(viewer: Any, source: Any, request: Request) -> Any:
    """Add an empty labels layer over the part of an image that is segmented.

    Parameters
    ----------
    viewer : napari.Viewer
        Where to add it.
    source : napari.layers.Image
        The image.
    request : Request
        The run.

    Returns
    -------
    napari.layers.Labels
        Of the image's number of axes: a plane of a volume lies where it was cut.
    """
    lengths = zip(request.data.shape, request.index, strict=False)
    shape = [n if isinstance(each, slice) else 1 for n, each in lengths]
    n_classes = request.method.n_classes
    labels = Labels(
        # Small types keep the live view fast.
        np.zeros(shape, np.uint8 if n_classes < 256 else np.uint16),
        name=f"{request.name} [{request.method.title}]",
        colormap=palette(n_classes),
        **_placed(source, request.index),
    )
    labels.editable = False
    return viewer.add_layer(labels)


def palette(n: int) -> CyclicLabelColormap:
    """Return a colour for every class; napari's own palette repeats some and has near blacks.

    Parameters
    ----------
    n : int
        Number of classes.

    Returns
    -------
    napari.utils.CyclicLabelColormap
        Label 0 is transparent.
    """
    each = np.arange(n)
    hsv = np.stack(
        (each * GOLDEN % 1, np.take(SATURATIONS, each % 3), np.take(VALUES, each % 2)), axis=-1
    )
    colours = np.zeros((n + 1, 4), np.float32)
    colours[1:] = np.concatenate((hsv2rgb(hsv), np.ones((n, 1))), axis=1)
    return CyclicLabelColormap(colors=colours, background_value=0)


def show(layer: Any, labels: NDArray[Any]) -> None:
    """Write a label map into a layer in place.

    Parameters
    ----------
    layer : napari.layers.Labels
        From `add_labels`.
    labels : ndarray
        Of the segmented part.
    """
    layer.data[...] = labels.reshape(layer.data.shape)
    layer.refresh()


def settle(layer: Any, record: Mapping[str, Any]) -> None:
    """Hand a layer over to the user, with the record of its labels.

    Parameters
    ----------
    layer : napari.layers.Labels
        From `add_labels`.
    record : mapping
        Of the run.
    """
    layer.editable = True
    layer.metadata[METADATA] = dict(record)


def hide_earlier(viewer: Any, name: str) -> None:
    """Hide the results there are of an image: two of them over each other cannot be read.

    Parameters
    ----------
    viewer : napari.Viewer
        With the layers.
    name : str
        Of the image.
    """
    for layer in viewer.layers:
        record = layer.metadata.get(METADATA)
        if record and any(each["name"] == name for each in record.get("images", ())):
            layer.visible = False


def _full(layer: Any) -> Any:
    return layer.data[0] if layer.multiscale else layer.data


def _position(layer: Any, dims: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    point = layer.world_to_data(dims.point)
    pairs = zip(point, shape, strict=False)
    return tuple(int(np.clip(round(float(at)), 0, n - 1)) for at, n in pairs)


def _placed(source: Any, index: Index) -> dict[str, Any]:
    """Return the transform of a part: that of the whole, moved to where the part begins."""
    start = [0 if isinstance(each, slice) else each for each in index]
    linear = Affine(scale=source.scale, rotate=source.rotate, shear=source.shear).linear_matrix
    kept = ("scale", "rotate", "shear", "affine", "units", "axis_labels")
    return {
        **{name: getattr(source, name) for name in kept},
        "translate": np.asarray(source.translate) + linear @ start,
    }


def is_mark(layer: Any) -> bool:
    """Say whether a layer only marks something for a while.

    Parameters
    ----------
    layer : napari.layers.Layer
        Any.

    Returns
    -------
    bool
    """
    return MARK in layer.metadata
