"""An image as its file describes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

__all__ = ["Georeference", "ImageFile", "Opacity", "RemoteError", "UnsuitableError", "reason"]

NO_TRANSFORM = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


# What becomes of a channel that says how opaque a pixel is.
Opacity = Literal["mask", "channel"]


# Libraries repeat what they cannot read, however long it is.
LONGEST = 200


@dataclass(frozen=True)
class Georeference:
    """Where on Earth the pixels of a plane are.

    Attributes
    ----------
    crs : str
        The coordinate reference system as WKT; empty where the file names none.
    transform : tuple of float
        ``(a, b, c, d, e, f)``: the outer corner of the pixel in a row and column lies at
        ``x = a * column + b * row + c`` and ``y = d * column + e * row + f``. Without such,
        `NO_TRANSFORM`.
    nodata : float, int or None
        The value that marks pixels without data.
    points : tuple of tuple
        Control points, which say where some rows and columns are: ``(row, column, x, y, z)``.
    rational : mapping or None
        The coefficients of a rational polynomial model, by the names of GDAL.
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]
    nodata: float | int | None = None
    points: tuple[tuple[float, ...], ...] = ()
    rational: Mapping[str, Any] | None = None

    @property
    def exact(self) -> bool:
        """Whether the transform says where each pixel is."""
        return tuple(self.transform) != NO_TRANSFORM

    def of_part(self, row: int, column: int) -> Georeference:
        """Say where a part of the plane is that begins at this row and column."""
        a, b, c, d, e, f = self.transform
        moved = (a, b, a * column + b * row + c, d, e, d * column + e * row + f)
        model = self.rational
        if model is not None:
            offsets = {"line_off": model["line_off"] - row, "samp_off": model["samp_off"] - column}
            model = {**model, **offsets}
        return replace(
            self,
            transform=moved if self.exact else self.transform,
            points=tuple((r - row, col - column, *at) for r, col, *at in self.points),
            rational=model,
        )


@dataclass(frozen=True)
class ImageFile:
    """An image and what its file says of it.

    Attributes
    ----------
    data : ndarray or View
        ``(*spatial)`` with channels along `channel_axis`. From `open_image` it may be a `View`,
        which has ``shape``, ``dtype``, ``ndim`` and ``chunks`` and reads what is sliced out of it.
    channel_axis : int or None
        Axis of the channels.
    spacing : tuple of float
        Size of a pixel along each spatial axis, the step in time along an axis of time, to compute
        with; ones where the file has none, that of x (in ImageJ TIFF one unit in z) where it has
        one along other axes only.
    unit : str
        Unit of the spacing in space, one that OME-XML, OME-Zarr and napari know: `µm`, `nm`, `in`;
        ``"pixel"`` where the file has none.
    mask : ndarray of bool, Valid or None
        ``(*spatial)``, False where the picture is fully transparent or has the value that stands
        for no data; None when it is nowhere, or when nothing in the file could say so. Read when
        sliced, as `data`, where the data are.
    name : str
        The path as it was given.
    axes : str
        A letter for each axis of `data`: of t, z, y and x, in this order, and c for the channels,
        last.
    georeference : Georeference or None
        Of a GeoTIFF.
    time_unit : str
        Unit of the step in time, such as ``"s"``; empty where the file has none.
    unknown : str
        Letters of the axes whose step the file does not say.
    translation : tuple of float
        Where the centre of the first pixel is, along each spatial axis in the unit of the spacing;
        empty at the origin, and where the file says nothing.
    notes : tuple of str
        What was taken for what the file leaves open, in words that follow its name.
    void : str
        What stands for no data in the file, in words that follow "all its pixels".
    unnamed : str
        Letters of the axes that the file does not name, and that have one to work with.
    channel_names : tuple of tuple of str
        What the file calls each channel, such as its label and its wavelength; empty where it
        names none.
    """

    data: Any
    channel_axis: int | None
    spacing: tuple[float, ...]
    unit: str
    mask: Any
    name: str
    axes: str
    georeference: Georeference | None = None
    time_unit: str = ""
    unknown: str = ""
    translation: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    void: str = ""
    unnamed: str = ""
    channel_names: tuple[tuple[str, ...], ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the spatial axes."""
        sizes = list(self.data.shape)
        if self.channel_axis is not None:
            del sizes[self.channel_axis]
        return tuple(sizes)

    def seen(self) -> Any:
        """Return the mask, for work that needs data.

        Returns
        -------
        ndarray of bool, Valid or None
            As `mask`.

        Raises
        ------
        ValueError
            When it leaves nothing; one on disk is not read for that.
        """
        if isinstance(self.mask, np.ndarray) and not self.mask.any():
            raise ValueError(f"{Path(self.name).name} holds no data: all its pixels {self.void}.")
        return self.mask

    @property
    def place(self) -> dict[str, Any]:
        """What labels take over from their image, as options of `write_labels`."""
        axes = self.axes.replace("c", "")
        pairs = zip(axes, self.spacing, strict=True)
        return {
            "spacing": tuple(None if axis in self.unknown else size for axis, size in pairs),
            "unit": self.unit,
            "time_unit": self.time_unit,
            "axes": axes,
            "unnamed": self.unnamed,
            "translation": self.translation,
            "georeference": self.georeference,
        }

    @property
    def measure(self) -> dict[str, Any]:
        """In what objects are measured, as options of `features`: pixels where a size is open."""
        if set(self.axes) & set(self.unknown) - {"t"}:
            return {"spacing": (1.0,) * len(self.shape), "unit": "pixel"}
        return {"spacing": self.spacing, "unit": self.unit}


class UnsuitableError(ValueError):
    """A sound file that holds something else than one image."""


class RemoteError(OSError):
    """A server that does not answer: what was to be read is there again later, or nowhere."""


def reason(error: BaseException) -> str:
    """Say in a line what a library raised."""
    # A reader wraps the decoder's error, which is the one that says something, unless it only
    # names what was looked up.
    while (inner := _inner(error)) and not isinstance(inner, LookupError):
        error = inner
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    # Pillow adds what stands for the file in memory.
    line = re.sub(r" <[^>]*>", "", said).partition("\n")[0] or type(error).__name__
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _inner(error: BaseException) -> BaseException | None:
    # What was raised "from None" says it better than what it came from.
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)
