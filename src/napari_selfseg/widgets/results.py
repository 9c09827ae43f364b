"""Labels layers that show a run: made at its start, written as it goes, handed over at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import CyclicLabelColormap
from numpy.typing import NDArray
from skimage.color import hsv2rgb

from napari_selfseg.widgets.layers import METADATA, placed
from napari_selfseg.widgets.picture import shape_of
from napari_selfseg.widgets.state import Request

__all__ = ["add_labels", "hide_earlier", "palette", "settle", "show"]

GOLDEN: Final = (5**0.5 - 1) / 2
SATURATIONS: Final = (0.45, 0.80, 0.62)
VALUES: Final = (0.95, 0.75)


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
    shape = shape_of(request.picture.shape, request.index, thin=True)
    n_classes = request.method.n_classes
    labels = Labels(
        # Small types keep the live view fast.
        np.zeros(shape, np.uint8 if n_classes < 256 else np.uint16),
        name=f"{request.picture.name} [{request.method.title}]",
        colormap=palette(n_classes),
        **placed(source, request.index),
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
