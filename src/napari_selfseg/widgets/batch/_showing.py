"""A result of a batch in the viewer, over its image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.label_layer import palette
from napari_selfseg.widgets.canvas.layers import METADATA, placed
from napari_selfseg.widgets.model.image_source import ALL

if TYPE_CHECKING:
    from napari_selfseg.io import ImageFile

__all__ = ["Result", "add_result", "read_result"]


@dataclass(frozen=True)
class Result:
    """Labels and what they are of.

    Attributes
    ----------
    record : dict
        How they were made.
    image : ImageFile or None
        Their image; None where that is a layer.
    """

    labels: NDArray[Any]
    record: dict[str, Any]
    image: ImageFile | None


def read_result(target: Path, image: str | None) -> Result:
    """Read a result; call it in a worker thread.

    `image` is None where it is a layer, and not a file.

    Raises
    ------
    ValueError
        When a file was changed and cannot be used.
    OSError
        When a file is gone.
    """
    from napari_selfseg.io import read_image, read_label_image, read_record

    return Result(
        read_label_image(target),
        read_record(target),
        None if image is None else read_image(image),
    )


def add_result(viewer: Any, result: Result, source: Any, name: str) -> list[Any]:
    """Add labels over their image, and the image as well where it is not there yet.

    What was added is returned, the labels last.
    """
    added = []
    if source is None and result.image is not None:
        added = [viewer.add_layer(each) for each in _images(result.image, name)]
        source = added[0]
    labels = Labels(
        result.labels,
        name=f"{source.name} [{_what(result.record)}]",
        colormap=palette(max(int(result.labels.max()), 1)),
        metadata={METADATA: result.record},
        **placed(source, (ALL,) * result.labels.ndim),
    )
    return [*added, viewer.add_layer(labels)]


def _images(image: ImageFile, name: str) -> list[Image]:
    """Make a layer of an image in grey or colours, or one a channel."""
    channels = image.data.shape[-1] if image.channel_axis is not None else 0
    if channels in (0, 3):
        return [Image(image.data, name=name, rgb=channels == 3, scale=image.spacing)]
    return [
        Image(
            image.data[..., k],
            name=f"{name} [channel {k + 1}]",
            scale=image.spacing,
            visible=k == 0,
        )
        for k in range(channels)
    ]


def _what(record: dict[str, Any]) -> str:
    made = record.get("method") or record.get("fitted") or {}
    return f"{made.get('name', 'labels')}, batch"
