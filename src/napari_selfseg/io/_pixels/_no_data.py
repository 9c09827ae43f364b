"""What a TIFF file, and what lies beside a picture, say of pixels without data."""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path
from typing import Any

import tifffile
import zarr

from napari_selfseg.io._pixels._auxiliary import Auxiliary, auxiliary, beside, number, roles_in
from napari_selfseg.io._pixels._image_file import UnsuitableError, reason
from napari_selfseg.io._pixels._lazy import BROKEN, View
from napari_selfseg.io._pixels._masking import Void

__all__ = ["void_beside", "void_of"]

ALPHA = {1, 2}  # associated, unassociated
REDUCED, MASK = 1, 4  # kinds of pages
GDAL_METADATA, GDAL_NODATA = 42112, 42113


def void_of(
    file: Path, series: tifffile.TiffPageSeries, shape: tuple[int, ...], *, samples: bool
) -> Void:
    """Read what stands for no data in a TIFF file, and beside it.

    The mask is read when sliced, as long as the file is open.

    Parameters
    ----------
    series : tifffile.TiffPageSeries
        The image in it that is read, of the open file.
    shape : tuple of int
        Of the image, with channels last if there are any.
    samples : bool
        Whether these are the samples of a pixel.
    """
    tags, other = series.keyframe.tags, auxiliary(file)
    n = shape[-1] if samples else 1
    # Where another sample is opacity, GDAL calls the last one so, and has its own tag for which.
    roles = _extra_samples(series.keyframe) | roles_in(_text(tags, GDAL_METADATA))
    values = _values(number(_text(tags, GDAL_NODATA)), other, n)
    mask = _page(series.parent) or _mask_beside(file)
    return Void(
        opacity=_opacity(roles | other.roles, n) if samples else (),
        nodata=values,
        mask=None if mask is None else _fitting(mask, shape[: len(shape) - samples][-2:], file),
    )


def void_beside(file: Path, shape: tuple[int, ...], *, opacity: tuple[int, ...]) -> Void:
    """Read what stands for no data in a picture, and beside it.

    Parameters
    ----------
    shape : tuple of int
        Of the picture, with colours last if there are any.
    opacity : tuple of int
        The channels that are opacity, as the picture itself says.
    """
    other, mask = auxiliary(file), _mask_beside(file)
    n = shape[2] if len(shape) > 2 else 1
    return Void(
        opacity=opacity,
        nodata=_values(None, other, n),
        mask=None if mask is None else _fitting(mask, shape[:2], file),
    )


def _text(tags: tifffile.TiffTags, code: int) -> str:
    tag = tags.get(code)
    return "" if tag is None else str(tag.value)


def _extra_samples(page: Any) -> dict[int, bool]:
    first = page.samplesperpixel - len(page.extrasamples)
    return {first + k: int(kind) in ALPHA for k, kind in enumerate(page.extrasamples)}


def _opacity(roles: dict[int, bool], n: int) -> tuple[int, ...]:
    found = tuple(k for k in range(n) if roles.get(k))
    # Where all is opacity, it is what the picture shows.
    return found if len(found) < n else ()


def _values(tag: float | int | None, other: Auxiliary, n: int) -> tuple[float | int | None, ...]:
    return tuple(other.nodata.get(k, tag) for k in range(n)) if other.nodata else (tag,)


def _page(tiff: Any) -> Any:
    """Return the mask among the pages of a file."""
    kinds = [(int(each.keyframe.subfiletype), each) for each in tiff.series]
    found = [each for kind, each in kinds if kind & MASK and not kind & REDUCED]
    return zarr.open_array(found[0].aszarr(level=0), mode="r") if found else None


def _mask_beside(file: Path) -> Any:
    path = beside(file, ".msk")
    if path is None:
        return None
    try:
        mask, axes = _opened(path)
    except BROKEN as error:
        raise UnsuitableError(
            f"{path.name}, the mask of {file.name}, cannot be read: {reason(error)}."
        ) from error
    # One mask a channel: what has data in one of them has data.
    return mask[...].any(axis=axes.index("S")) if "S" in axes else mask


def _opened(path: Path) -> tuple[View, str]:
    with contextlib.ExitStack() as stack:
        tiff = stack.enter_context(tifffile.TiffFile(path))
        series = tiff.series[0]
        array = zarr.open_array(series.aszarr(level=0), mode="r")
        view = View(array, range(array.ndim), path.name, close=tiff.close)
        stack.pop_all()
    return view, series.axes


def _fitting(mask: Any, shape: tuple[int, ...], file: Path) -> Any:
    if tuple(mask.shape) == tuple(shape):
        return mask
    warnings.warn(
        f"{file.name} has {shape} pixels and a mask of {tuple(mask.shape)}: it is left out.",
        stacklevel=2,
    )
    return None
