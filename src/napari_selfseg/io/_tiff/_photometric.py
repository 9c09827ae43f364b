"""What the numbers in a TIFF file mean: ink, a place in a table of colours, a colour of CIELab."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import tifffile
from numpy.typing import NDArray
from skimage.color import lab2rgb

from napari_selfseg.io._pixels._conversion import Conversion
from napari_selfseg.io._pixels._image_file import UnsuitableError
from napari_selfseg.io._pixels._lazy import View

__all__ = ["channel_notes", "conversion_of", "unmultiplied"]

Array = NDArray[Any]
WHITE_IS_ZERO, PALETTE, INK, YCBCR, CIELAB, ICCLAB = 0, 3, 5, 6, 8, 9
# Codecs that leave colours as they are stored; others have made red, green and blue of them.
PLAIN: Final = {1, 5, 8, 32773, 32946, 34925, 50000}
# Colours that are not read: of ITU-T, LogL and LogLuv.
STRANGE: Final = {10, 32844, 32845}
ASSOCIATED: Final = 1
# Side of the part that is looked at.
SIDE: Final = 256


def conversion_of(
    series: tifffile.TiffPageSeries, shape: tuple[int, ...], name: str, *, has_channels: bool
) -> Conversion | None:
    """Say how pixels become what a viewer shows.

    Files of microscopes (ImageJ, OME, LSM, STK) have intensities, which a table of colours or an
    inverted scale only shows in another way.

    Parameters
    ----------
    shape : tuple of int
        As stored, without opacity.
    name : str
        Of the file, for errors.
    has_channels : bool
        Whether the last axis is that of the channels.

    Returns
    -------
    Look or None
        None where they are what they should be.

    Raises
    ------
    UnsuitableError
        When they are colours of a kind that is not read.
    """
    page, tiff = series.keyframe, series.parent
    kind = int(page.photometric)
    measured = tiff is not None and any(
        getattr(tiff, f"is_{each}") for each in ("imagej", "ome", "lsm", "stk", "fluoview")
    )
    # A microscope measures: its table of colours, or its scale upside down, is for the screen.
    if kind == WHITE_IS_ZERO:
        return None if measured else _inverted(series.dtype, page.bitspersample)
    if kind == PALETTE:
        colours = None if measured or has_channels else page.colormap
        return None if colours is None else _table(colours)
    samples = shape[-1] if has_channels else 1
    if kind in (CIELAB, ICCLAB) and samples == 3:
        return _lab(series.dtype, kind, name)
    if kind == INK and samples == 4:
        return _ink(series.dtype, name)
    if kind == YCBCR and samples == 3 and int(page.compression) in PLAIN:
        return _ycbcr(series.dtype, name)
    if kind in STRANGE:
        raise _strange(page.photometric, series.dtype, name)
    return None


def _strange(kind: Any, dtype: np.dtype[Any], name: str) -> UnsuitableError:
    what = getattr(kind, "name", kind)
    return UnsuitableError(f"{name} has colours of the kind {what} in {dtype}: save it as RGB.")


def _inverted(dtype: np.dtype[Any], bits: int) -> Conversion | None:
    if dtype.kind == "b":
        return Conversion(np.logical_not, dtype)
    white = dtype.type(2**bits - 1) if dtype.kind == "u" else None
    return None if white is None else Conversion(lambda a: white - a, dtype)


def _table(colormap: Array) -> Conversion:
    """Look up colours of 16 bits, or of 8 where that is all they have."""
    colours = np.asarray(colormap).T
    high = colours >> 8
    if colours.max() < 256:
        # Some writers leave out the lower byte, which libtiff accepts.
        colours = colours.astype(np.uint8)
    elif (colours == high * 257).all() or (colours & 255 == 0).all():
        colours = high.astype(np.uint8)
    return Conversion(lambda a: colours.take(a, axis=0, mode="clip"), colours.dtype, 3)


def _ink(dtype: np.dtype[Any], name: str) -> Conversion:
    top = _top(dtype, tifffile.PHOTOMETRIC.SEPARATED, name)

    def convert(inks: Array) -> Array:
        left = (top - inks).astype(np.uint64)
        found: Array = (left[..., :3] * left[..., 3:] + top // 2) // top
        return found.astype(dtype)

    return Conversion(convert, dtype, 3)


def _ycbcr(dtype: np.dtype[Any], name: str) -> Conversion:
    top = _top(dtype, tifffile.PHOTOMETRIC.YCBCR, name)
    # Of ITU-R 601, which TIFF takes where nothing else is said.
    weights = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]])

    def convert(colours: Array) -> Array:
        centred = colours - np.array([0, (top + 1) // 2, (top + 1) // 2], np.float64)
        found: Array = centred @ weights.T
        return found.round().clip(0, top).astype(dtype)

    return Conversion(convert, dtype, 3)


def _lab(dtype: np.dtype[Any], kind: int, name: str) -> Conversion:
    top = _top(dtype, tifffile.PHOTOMETRIC(kind), name)
    step, middle = (top + 1) // 256, (top + 1) // 2
    # ICC counts 16 bits from 255 * 256, where the others go on to 65535.
    bright = 255 * step if kind == ICCLAB else top

    def convert(stored: Array) -> Array:
        lab = stored.astype(np.float64)
        lab[..., 0] *= 100 / bright
        a_and_b = stored[..., 1:] if kind == ICCLAB else stored[..., 1:] ^ dtype.type(middle)
        lab[..., 1:] = (a_and_b.astype(np.float64) - middle) / step
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # colours that no screen has
            found: Array = lab2rgb(lab) * top
        return found.round().astype(dtype)

    return Conversion(convert, dtype, 3)


def _top(dtype: np.dtype[Any], kind: Any, name: str) -> int:
    if dtype not in (np.uint8, np.uint16):
        raise _strange(kind, dtype, name)
    return int(np.iinfo(dtype).max)


def channel_notes(
    series: tifffile.TiffPageSeries, data: Array | View, opacity: tuple[int, ...]
) -> tuple[str, ...]:
    """Say so where what is called opacity looks like a channel, such as near infrared.

    The words follow the name of the file.

    Parameters
    ----------
    data : ndarray or View
        As stored, ``(..., y, x, samples)``; the middle of it is read.
    opacity : tuple of int
        The samples that are opacity.
    """
    if not opacity or series.dtype.kind != "u" or ASSOCIATED in series.keyframe.extrasamples:
        return ()
    y, x = (slice(max(0, (n - SIDE) // 2), (n + SIDE) // 2) for n in data.shape[-3:-1])
    part = np.asarray(data[(0,) * (data.ndim - 3) + (y, x)])[..., list(opacity)]
    # Pixels are there or not, but for those on edges.
    partly = ((part > 0) & (part < np.iinfo(series.dtype).max)).mean(axis=(0, 1)) > 0.5
    return tuple(
        f"calls channel {band + 1} opacity, which looks like one of the image: it is taken as "
        "opacity, and 0 in it is no data. To keep it as a channel give --opacity channel, or "
        "opacity='channel' to read_image."
        for band, found in zip(opacity, partly, strict=True)
        if found and band > 2
    )


def unmultiplied(series: tifffile.TiffPageSeries, opacity: tuple[int, ...]) -> Conversion | None:
    """Say how colours that were multiplied by their opacity become what they were before.

    Parameters
    ----------
    opacity : tuple of int
        Its samples that are opacity.

    Returns
    -------
    Look or None
        Of all samples, with the opacity as it is; None where they are not multiplied.
    """
    page = series.keyframe
    first = page.samplesperpixel - len(page.extrasamples)
    kinds = {first + k: int(kind) for k, kind in enumerate(page.extrasamples)}
    by = [k for k in opacity if kinds.get(k) == ASSOCIATED]
    if not by or series.dtype.kind not in "uf":
        return None
    top = np.iinfo(series.dtype).max if series.dtype.kind == "u" else 1
    return Conversion(_divided(by[0], opacity, top), series.dtype, page.samplesperpixel)


def _divided(by: int, opacity: tuple[int, ...], top: int) -> Callable[[Array], Array]:
    def convert(samples: Array) -> Array:
        share = samples[..., by : by + 1].astype(np.float64) / top
        partly = (share > 0) & (share < 1)
        if not partly.any():
            return samples
        found = samples / np.where(partly, share, 1)
        found = found.round().clip(0, top) if samples.dtype.kind == "u" else found
        found[..., list(opacity)] = samples[..., list(opacity)]
        return found.astype(samples.dtype)

    return convert
