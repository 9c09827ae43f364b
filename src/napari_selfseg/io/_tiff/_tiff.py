"""TIFF of every kind: planes, stacks, channels, pixel sizes, read whole or when sliced."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tifffile
import zarr
from numpy.typing import NDArray

from napari_selfseg.io._pixels._conversion import converted
from napari_selfseg.io._pixels._guard import check_whole
from napari_selfseg.io._pixels._image_file import ImageFile, Opacity, UnsuitableError
from napari_selfseg.io._pixels._lazy import View
from napari_selfseg.io._pixels._masking import Void, masked
from napari_selfseg.io._pixels._no_data import void_of
from napari_selfseg.io._pixels._orientation import ORIENTATION, orientation_notes
from napari_selfseg.io._tiff._geotiff import georeference, ground_size
from napari_selfseg.io._tiff._ome_set import open_set
from napari_selfseg.io._tiff._photometric import channel_notes, conversion_of, unmultiplied
from napari_selfseg.io._tiff._series import Series, check_complete, main_series
from napari_selfseg.io._units._pixel_size import Stated, pixel_size
from napari_selfseg.io._units._units import steps_of

__all__ = ["open_tiff", "read_tiff"]

# What TIFF calls its axes, and what we do.
NAMES = {"T": "t", "Z": "z", "Q": "z", "I": "z", "Y": "y", "X": "x", "C": "c", "S": "c"}
# Those that say nothing of what they are.
NAMELESS = "QI"


class _How(NamedTuple):
    numbers: bool
    opacity: Opacity


def read_tiff(file: Path, *, numbers: bool = False, opacity: Opacity = "mask") -> ImageFile:
    """Read a TIFF file into memory; see `How` for `numbers` and `opacity`."""
    with _nothing_missing(file.name), open_set(file) as tiff:
        series, order, notes = _chosen(tiff, file.name)
        check_whole(file.name, series.shape, series.dtype)
        taken = tuple(slice(None) if k in order else 0 for k in range(len(series.axes)))
        found = series.asarray()[taken]
        data = np.ascontiguousarray(found.transpose([sorted(order).index(k) for k in order]))
        return _described(file, series, data, order, notes, _How(numbers, opacity))


def open_tiff(file: Path, *, numbers: bool = False, opacity: Opacity = "mask") -> ImageFile:
    """Open a TIFF file, to read what is sliced out of it; see `How` for `numbers` and `opacity`.

    The file stays open as long as the image is in use.
    """
    with _nothing_missing(file.name), contextlib.ExitStack() as stack:
        tiff = stack.enter_context(open_set(file))
        series, order, notes = _chosen(tiff, file.name)
        view = View(_source(tiff, series), order, file.name, close=tiff.close)
        found = _described(file, series, view, order, notes, _How(numbers, opacity))
        stack.pop_all()
    return found


def _chosen(tiff: tifffile.TiffFile, name: str) -> tuple[Series, list[int], tuple[str, ...]]:
    series, notes = main_series(tiff, name)
    check_complete(tiff, series, name)
    return series, _order(series.axes, series.shape, name), notes


def _source(tiff: tifffile.TiffFile, series: Series) -> Any:
    # Pixels that lie in one piece are often a single strip, which would be read whole each time.
    if series.dataoffset is not None and not series.is_multifile:
        return np.memmap(
            tiff.filehandle.path,
            series.dtype.newbyteorder(tiff.byteorder),
            "r",
            offset=series.dataoffset,
            shape=series.shape,
        )
    return zarr.open_array(series.aszarr(level=0), mode="r")


def _described(
    file: Path,
    series: Series,
    data: NDArray[Any] | View,
    order: list[int],
    notes: tuple[str, ...],
    how: _How,
) -> ImageFile:
    axes = "".join(series.axes[k] for k in order)
    void = void_of(file, series, data.shape, samples=axes[-1] == "S")
    more = channel_notes(series, data, void.opacity)
    if how.opacity == "channel":
        void, more = dataclasses.replace(void, opacity=()), ()
    place = georeference(file, series.keyframe.tags, void.nodata[0])
    sizes, unit = ground_size(place)
    on_ground = Stated({axis: (size, unit) for axis, size in sizes.items()}, {})
    stated = on_ground if sizes else pixel_size(series)
    n = len(axes) - (axes[-1] in "CS")
    data, mask = _meant(series, data, void, n, None if how.numbers else file.name)
    names = "".join(NAMES[axis] for axis in axes[:n]) + "c" * (data.ndim - n)
    steps = steps_of(names.replace("c", ""), stated.steps, otherwise=stated.otherwise)
    return ImageFile(
        data=data,
        channel_axis=-1 if "c" in names else None,
        spacing=steps.spacing,
        unit=steps.unit,
        mask=mask,
        name=str(file),
        axes=names,
        georeference=place,
        time_unit=steps.time_unit,
        unknown=steps.unknown,
        notes=(*notes, *more, *_turned(series), *steps.notes),
        void=void.words,
        unnamed="".join(NAMES[axis] for axis in axes[:n] if axis in NAMELESS),
    )


def _meant(
    series: Series, data: NDArray[Any] | View, void: Void, n: int, name: str | None
) -> tuple[NDArray[Any] | View, Any]:
    """Part stored pixels of n axes in space from their opacity, and look them up under a name."""
    data = converted(data, unmultiplied(series, void.opacity), has_channels=data.ndim > n)
    data, mask = masked(data, void, has_channels=data.ndim > n)
    if name is None:
        return data, mask
    conversion = conversion_of(series, data.shape, name, has_channels=data.ndim > n)
    return converted(data, conversion, has_channels=data.ndim > n), mask


def _turned(series: Series) -> tuple[str, ...]:
    tag = series.keyframe.tags.get(ORIENTATION)
    return () if tag is None else orientation_notes(int(tag.value))


def _order(axes: str, shape: tuple[int, ...], name: str) -> list[int]:
    """Say which axes are kept, in the order time, depth, y, x, channels."""
    # An axis of one pixel is none, unless it is one of the plane.
    kept = [k for k, axis in enumerate(axes) if shape[k] > 1 or axis in "YX"]
    roles = [[k for k in kept if axes[k] in kind] for kind in ("T", "ZQI", "Y", "X", "CS")]
    wanted = [k for role in roles for k in role]
    # Nothing is to be guessed: each axis has a role, no two the same, and there is a plane.
    alone = all(len(role) < 2 for role in roles) and roles[2] and roles[3]
    if alone and len(wanted) == len(kept):
        return wanted
    found, lengths = "".join(axes[k] for k in kept), tuple(shape[k] for k in kept)
    if len(roles[1]) > 1 and set(found) & set("QI"):
        raise UnsuitableError(
            f"{name} has {len(kept)} axes of lengths {lengths}, and does not say what they are: "
            "name them when it is written, as tifffile.imwrite('named.tif', data, "
            "photometric='minisblack', metadata={'axes': 'TZYX'}) does, or give one stack of it."
        )
    what = "position" if len(wanted) < len(kept) else "of those that are of one kind"
    raise UnsuitableError(
        f"{name} has the axes {found} of lengths {lengths}: give an image with axes of time, "
        f"depth and channels at most, one of each (take out one {what})."
    )


@contextlib.contextmanager
def _nothing_missing(name: str) -> Iterator[None]:
    """Refuse what tifffile only logs: a file that ends early would be read with planes missing."""
    logger, found = logging.getLogger("tifffile"), _Errors(logging.ERROR)
    level, passed_on = logger.level, logger.propagate
    if not logger.isEnabledFor(logging.ERROR):
        # Who silenced it hears nothing more, and is not given half a file all the same.
        logger.setLevel(logging.ERROR)
        logger.propagate = False
    logger.addHandler(found)
    try:
        yield
    finally:
        logger.removeHandler(found)
        logger.setLevel(level)
        logger.propagate = passed_on
    if found.messages:
        raise UnsuitableError(f"{name} is damaged or cut short: {found.messages[0]}")


class _Errors(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # The file is named already.
        self.messages.append(re.sub(r"<[^>]*> ", "", record.getMessage()).partition("\n")[0])
