"""The layout of labels inside their image: its axes, its levels and its version of OME-Zarr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numcodecs
import zarr
from zarr.codecs import ZstdCodec

from napari_selfseg.io._pixels._image_file import UnsuitableError
from napari_selfseg.io._zarr._zarr import described
from napari_selfseg.io._zarr._zarr_metadata import TRANSFORMATIONS, axes_of
from napari_selfseg.io._zarr._zarr_paths import named, ome_metadata

__all__ = [
    "ImageLayout",
    "Squeezed",
    "is_in_image",
    "layout_of",
    "levels_in_image",
    "make_in_image",
    "squeezed",
]

SOURCE: Final = {"image": "../../"}
V2: Final = {"name": "v2", "separator": "/"}


class ImageLayout(NamedTuple):
    """What labels take over from their image.

    Attributes
    ----------
    version : str
        Of OME-Zarr: 0.4 or 0.5.
    letters : list of str
        One of t, z, y and x for each axis of the labels, also for those of length 1; empty for
        another, of length 1.
    axes : list of dict
        As the image describes them, without channels.
    shapes : list of tuple of int
        One a level, the finest first.
    transformations : list of list of dict
        One a level, without channels.
    whole : list of dict
        Of all levels.
    """

    version: str
    letters: list[str]
    axes: list[dict[str, Any]]
    shapes: list[tuple[int, ...]]
    transformations: list[list[dict[str, Any]]]
    whole: list[dict[str, Any]]


def layout_of(image_folder: Path) -> ImageLayout:
    """Read the layout that labels of an image must have.

    Raises
    ------
    ValueError
        When its version has no words for labels, or its axes come in another order.
    """
    group = zarr.open_group(str(image_folder), mode="r", use_consolidated=False)
    image, metadata = described(group, image_folder), ome_metadata(group)
    assert image is not None  # `image_of_labels` asks for that
    raw = metadata["multiscales"][0]
    version = str(metadata.get("version") or raw.get("version") or "")
    if version not in ("0.4", "0.5"):
        raise UnsuitableError(
            f"{named(image_folder)} is OME-Zarr {version or 'without a version'}: labels are "
            "written into 0.4 and 0.5, so give a file for them."
        )
    letters = [axis.letter for axis in axes_of(image, 0)]
    kept = [k for k, letter in enumerate(letters) if letter != "c"]
    order = "".join(letters[k] for k in kept)
    if order != "".join(letter for letter in "tzyx" if letter in order):
        raise UnsuitableError(
            f"{named(image_folder)} has its axes in the order {order}: labels are written into "
            "images in the order t, z, y, x, so give a file for them."
        )
    levels: list[Any] = [group[each.path] for each in image.datasets]
    return ImageLayout(
        version,
        [letters[k] for k in kept],
        [raw["axes"][k] for k in kept],
        [tuple(level.shape[k] for k in kept) for level in levels],
        [_of_axes(each.get(TRANSFORMATIONS, []), kept) for each in raw["datasets"]],
        _of_axes(raw.get(TRANSFORMATIONS, []), kept),
    )


def _of_axes(transformations: Sequence[Mapping[str, Any]], kept: Sequence[int]) -> list[Any]:
    return [
        {key: [value[k] for k in kept] if isinstance(value, list) else value for key, value in each}
        for each in (one.items() for one in transformations)
    ]


def make_in_image(
    folder: Path,
    image_folder: Path,
    shape: Sequence[int],
    layout: Mapping[str, Any],
    extra: dict[str, Any],
) -> Any:
    """Make labels of all levels of their image, all 0, in an empty folder; return the finest.

    `shape` has no axes of length 1, nor has the array returned. `layout` has ``dtype``, ``chunks``
    (one of each axis of `shape`) and ``shards``, which zarr 2 does not know.

    Raises
    ------
    ValueError
        When the image has another shape.
    """
    own = layout_of(image_folder)
    long = [k for k, n in enumerate(own.shapes[0]) if n > 1 or own.letters[k] in ("y", "x")]
    if [own.shapes[0][k] for k in long] != list(shape):
        raise UnsuitableError(
            f"{named(image_folder)} has a size of {own.shapes[0]}, and these labels of "
            f"{tuple(shape)}: labels in an image are of all of it, so give a file for them."
        )
    names = [axis["name"] for axis in own.axes]
    two = own.version == "0.4"
    group = zarr.open_group(str(folder), mode="w", zarr_format=2 if two else 3)
    group.update_attributes(_attributes(own, folder.name) | extra)
    chunks = _spread(layout["chunks"], long, len(own.letters))
    shards = None if two else _spread(layout["shards"], long, len(own.letters))
    for number, size in enumerate(own.shapes):
        group.create_array(
            str(number),
            shape=size,
            dtype=layout["dtype"],
            chunks=chunks if shards else tuple(map(min, chunks, size)),
            shards=shards,
            fill_value=0,
            overwrite=True,
            **(_two() if two else {"compressors": ZstdCodec(level=3), "dimension_names": names}),
        )
    return squeezed(group["0"])


def _two() -> dict[str, Any]:
    blosc = numcodecs.Blosc(cname="zstd", clevel=3)
    return {"compressors": blosc, "chunk_key_encoding": V2}


def _spread(sizes: Sequence[int] | None, long: Sequence[int], ndim: int) -> Any:
    if sizes is None:
        return None
    given = dict(zip(long, sizes, strict=True))
    return tuple(given.get(k, 1) for k in range(ndim))


def _attributes(own: ImageLayout, name: str) -> dict[str, Any]:
    levels = [{"path": str(k), TRANSFORMATIONS: each} for k, each in enumerate(own.transformations)]
    image: dict[str, Any] = {"name": name, "axes": own.axes, "datasets": levels}
    if own.whole:
        image[TRANSFORMATIONS] = own.whole
    if own.version == "0.4":
        label = {"version": "0.4", "source": SOURCE}
        return {"multiscales": [image | {"version": "0.4"}], "image-label": label}
    metadata = {"version": "0.5", "multiscales": [image], "image-label": {"source": SOURCE}}
    return {"ome": metadata}


def is_in_image(group: zarr.Group) -> bool:
    """Say whether labels name their image, and so have its levels."""
    return "source" in ome_metadata(group).get("image-label", {})


def levels_in_image(group: zarr.Group) -> list[Any]:
    """Return the levels of labels that are in their image."""
    return [group[each["path"]] for each in ome_metadata(group)["multiscales"][0]["datasets"]]


class Squeezed:
    """An array in a zarr without its axes of length 1, to read and to write by slices.

    `axes` are those that are kept.
    """

    def __init__(self, array: zarr.Array[Any], axes: Sequence[int]) -> None:
        self._array, self._axes = array, tuple(axes)
        self.shape = tuple(array.shape[k] for k in axes)
        self.chunks = tuple(array.chunks[k] for k in axes)
        self.shards = array.shards and tuple(array.shards[k] for k in axes)
        self.dtype, self.ndim = array.dtype, len(self.shape)

    def __getitem__(self, box: Any) -> Any:
        """Read a box: slices, one an axis that is kept, or an ellipsis."""
        return self._array[self._whole(box)]

    def __setitem__(self, box: Any, values: Any) -> None:
        """Write a box."""
        self._array[self._whole(box)] = values

    def _whole(self, box: Any) -> tuple[Any, ...]:
        box = box if isinstance(box, tuple) else (box,)
        parts = iter((slice(None),) * self.ndim if box == (Ellipsis,) else box)
        return tuple(
            next(parts, slice(None)) if k in self._axes else 0 for k in range(self._array.ndim)
        )


def squeezed(array: Any) -> Any:
    """Leave out axes of length 1 before the last two."""
    axes = [k for k, n in enumerate(array.shape) if n > 1 or k >= array.ndim - 2]
    return array if len(axes) == array.ndim else Squeezed(array, axes)
