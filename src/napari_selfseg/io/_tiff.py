"""TIFF of every kind: planes, stacks, channels, pixel sizes, read whole or when sliced."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import zarr
from numpy.typing import NDArray

from napari_selfseg.io._geotiff import georeference, ground_size
from napari_selfseg.io._image_file import ImageFile, UnsuitableError
from napari_selfseg.io._lazy import View
from napari_selfseg.io._masking import masked
from napari_selfseg.io._pixel_size import Stated, pixel_size
from napari_selfseg.io._units import steps_of
from napari_selfseg.io._void import void_of

__all__ = ["open_tiff", "read_tiff"]

# What TIFF calls its axes, and what we do.
NAMES = {"T": "t", "Z": "z", "Q": "z", "I": "z", "Y": "y", "X": "x", "C": "c", "S": "c"}


def read_tiff(file: Path) -> ImageFile:
    """Read a TIFF file into memory.

    Parameters
    ----------
    file : pathlib.Path
        That is there.

    Returns
    -------
    ImageFile
    """
    with _nothing_missing(file.name), tifffile.TiffFile(file) as tiff:
        series = tiff.series[0]
        _check_ends(tiff, series, file.name)
        order = _order(series.axes, series.shape, file.name)
        taken = tuple(slice(None) if k in order else 0 for k in range(len(series.axes)))
        found = series.asarray()[taken]
        data = np.ascontiguousarray(found.transpose([sorted(order).index(k) for k in order]))
        return _described(file, tiff, data, "".join(series.axes[k] for k in order))


def open_tiff(file: Path) -> ImageFile:
    """Open a TIFF file, to read what is sliced out of it.

    Parameters
    ----------
    file : pathlib.Path
        That is there.

    Returns
    -------
    ImageFile
        Of `View`; the file stays open as long as that is in use.
    """
    with _nothing_missing(file.name), contextlib.ExitStack() as stack:
        tiff = stack.enter_context(tifffile.TiffFile(file))
        series = tiff.series[0]
        _check_ends(tiff, series, file.name)
        order = _order(series.axes, series.shape, file.name)
        view = View(_source(file, series), order, file.name, close=tiff.close)
        found = _described(file, tiff, view, "".join(series.axes[k] for k in order))
        stack.pop_all()
    return found


def _source(file: Path, series: tifffile.TiffPageSeries) -> Any:
    # Pixels that lie in one piece are often a single strip, which would be read whole each time.
    if series.dataoffset is not None:
        return tifffile.memmap(file, series=0, mode="r")
    return zarr.open_array(series.aszarr(level=0), mode="r")


def _described(
    file: Path, tiff: tifffile.TiffFile, data: NDArray[Any] | View, axes: str
) -> ImageFile:
    void = void_of(file, tiff, data.shape, samples=axes[-1] == "S")
    place = georeference(file, tiff.pages.first.tags, void.nodata[0])
    sizes, unit = ground_size(place)
    on_ground = Stated({axis: (size, unit) for axis, size in sizes.items()}, {})
    stated = on_ground if sizes else pixel_size(tiff)
    data, mask = masked(data, void, has_channels=axes[-1] in "CS")
    names = "".join(NAMES[axis] for axis in axes)[: data.ndim]
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
        notes=steps.notes,
        void=void.words,
    )


def _order(axes: str, shape: tuple[int, ...], name: str) -> list[int]:
    """Say which axes are kept, in the order time, depth, y, x, channels."""
    kept = {axis: k for k, axis in enumerate(axes) if shape[k] > 1 or axis in "YX"}
    roles = [[axis for axis in kept if axis in kind] for kind in ("T", "ZQI", "Y", "X", "CS")]
    wanted = [axis for role in roles for axis in role]
    found = "".join(kept)
    if set(found) - set(wanted) or max(map(len, roles)) > 1 or not set("YX") <= set(found):
        raise UnsuitableError(
            f"{name} has the axes {found} of lengths {tuple(shape[k] for k in kept.values())}: "
            "give an image with axes of time, depth and channels at most, one of each (take out "
            "one position)."
        )
    return [kept[axis] for axis in wanted]


@contextlib.contextmanager
def _nothing_missing(name: str) -> Iterator[None]:
    """Refuse what tifffile only logs: a file that ends early would be read with planes missing."""
    logger, found = logging.getLogger("tifffile"), _Errors(logging.ERROR)
    logger.addHandler(found)
    try:
        yield
    finally:
        logger.removeHandler(found)
    if found.messages:
        raise UnsuitableError(f"{name} is damaged or cut short: {found.messages[0]}")


def _check_ends(tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries, name: str) -> None:
    """Refuse strips and tiles that lie beyond the end; some decoders fill what is missing."""
    pages = [page for page in series.pages if page is not None]
    ends = [
        offset + count
        for page in pages
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False)
    ]
    if max(ends, default=0) > tiff.filehandle.size:
        raise UnsuitableError(f"{name} is damaged or cut short: its pixels end too early.")


class _Errors(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages += record.getMessage().splitlines()[:1]
