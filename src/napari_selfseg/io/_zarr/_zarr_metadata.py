"""What OME-Zarr, or zarr itself, says of the axes of an array."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from napari_selfseg.io._pixels._image_file import UnsuitableError

__all__ = [
    "KEY",
    "UNNAMED",
    "Axis",
    "Multiscale",
    "axes_of",
    "channel_names",
    "multiscale",
    "own_axes",
]

# What is ours among the attributes of labels, and in it the axes that nobody has named.
KEY = "napari-selfseg"
UNNAMED = "unnamed"
# The names that programs give to the axes.
NAMES = {
    "t": "t time times timepoint timepoints frame frames",
    "z": "z depth plane planes slice slices",
    "y": "y height row rows lat latitude northing",
    "x": "x width column columns col cols lon long longitude easting",
    "c": "c ch channel channels band bands wavelength wavelengths color colour",
}
LETTERS = {name: letter for letter, names in NAMES.items() for name in names.split()}
TRANSFORMATIONS = "coordinateTransformations"
KINDS = {"time": "t", "channel": "c"}
NEWEST = 5  # of 0.x
FIVE = ("0.1", "0.2")  # had five axes and no words for them


class Axis(NamedTuple):
    """What is known of an axis.

    Attributes
    ----------
    name : str
        As the file has it.
    letter : str
        One of t, z, y, x and c; empty for anything else.
    size : float
        Of a pixel, in `unit`; NaN where nothing is said.
    unit : str
        As the file has it; empty where there is none.
    shift : float
        Where the centre of the first pixel is, in `unit`.
    said : bool
        Whether the name is the file's.
    """

    name: str
    letter: str
    size: float = math.nan
    unit: str = ""
    shift: float = 0.0
    said: bool = True


class _Named(BaseModel):
    name: str
    type: str | None = None
    unit: str | None = None


class _Transformation(BaseModel):
    type: str
    scale: list[float] | None = None
    translation: list[float] | None = None

    @model_validator(mode="after")
    def _is_inside(self) -> _Transformation:
        if self.type != "identity" and getattr(self, self.type, None) is None:
            raise ValueError(f"a transformation of the type {self.type!r} is not read")
        return self


class _Level(BaseModel):
    path: str
    transformations: list[_Transformation] = Field([], alias=TRANSFORMATIONS)


class Multiscale(BaseModel):
    """An image in several sizes, read with fewer demands than OME-Zarr makes on writers.

    Attributes
    ----------
    axes : list
        With ``name``, ``type`` and ``unit``.
    datasets : list
        The levels, the finest first, with ``path`` and ``transformations``.
    transformations : list or None
        Of all levels.
    unnamed : str
        Letters of the axes that nobody has named.
    """

    axes: list[_Named] = Field(min_length=2)
    datasets: list[_Level] = Field(min_length=1)
    transformations: list[_Transformation] | None = Field(None, alias=TRANSFORMATIONS)
    unnamed: str = ""

    @field_validator("axes", mode="before")
    @classmethod
    def _with_words(cls, axes: Any) -> Any:
        # Version 0.3 has names alone.
        named = axes if isinstance(axes, list) else []
        return [{"name": a} if isinstance(a, str) else a for a in named] or axes

    @model_validator(mode="after")
    def _of_one_length(self) -> Multiscale:
        each = [t for level in self.datasets for t in level.transformations]
        numbers = [n for t in (*each, *(self.transformations or ())) for n in _numbers(t)]
        if any(len(n) != len(self.axes) for n in numbers):
            raise ValueError("a transformation has not as many numbers as there are axes")
        return self


def _numbers(transformation: _Transformation) -> list[list[float]]:
    return [n for n in (transformation.scale, transformation.translation) if n is not None]


def multiscale(attributes: Mapping[str, Any], name: str) -> Multiscale | None:
    """Read the first multiscale image of the attributes of a group; None where there is none.

    `name` is that of the group, for errors.

    Raises
    ------
    ValueError
        When it is another version, or not as it should be.
    """
    newer = attributes.get("ome")
    found: Any = newer if isinstance(newer, dict) and "multiscales" in newer else attributes
    if "multiscales" not in found:
        return None
    try:
        first = dict(found["multiscales"][0])
        _check_version(str(found.get("version") or first.get("version") or ""), name)
        if first.get("version") in FIVE:
            first.setdefault("axes", list("tczyx"))
        ours = attributes.get(KEY)
        unnamed = str(ours.get(UNNAMED) or "") if isinstance(ours, Mapping) else ""
        return Multiscale.model_validate({**first, UNNAMED: unnamed})
    except (ValidationError, LookupError, TypeError) as error:
        raise UnsuitableError(f"{name} is not sound OME-Zarr: {_first(error)}.") from None


def channel_names(attributes: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Read what the attributes of a group call each channel: its label, and its wavelength.

    Empty where they name none. They are for people, so that nothing in them is a reason to refuse.
    """
    newer = attributes.get("ome")
    found = (newer if isinstance(newer, dict) else attributes).get("omero")
    channels = found.get("channels") if isinstance(found, dict) else None
    if not isinstance(channels, list):
        return ()
    named = [each if isinstance(each, dict) else {} for each in channels]
    names = tuple(_names_of_channel(each) for each in named)
    return names if any(names) else ()


def _names_of_channel(told: Mapping[str, Any]) -> tuple[str, ...]:
    found = (str(told[key]).strip() for key in ("label", "wavelength_id") if told.get(key))
    return tuple(dict.fromkeys(each for each in found if each))


def _check_version(version: str, name: str) -> None:
    number = re.match(r"0\.(\d+)", version)
    if version and (number is None or int(number[1]) > NEWEST):
        raise UnsuitableError(
            f"{name} is OME-Zarr of version {version}: those up to 0.{NEWEST} are read, write it "
            "as one of them."
        )


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "its multiscales are empty or no list"
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    text = " ".join(first["msg"].removeprefix("Value error, ").split())
    return f"{place} {text}".strip().rstrip(".")


def axes_of(image: Multiscale, level: int) -> list[Axis]:
    """Return the axes of a level."""
    own = image.datasets[level].transformations
    size, shift = np.ones(len(image.axes)), np.zeros(len(image.axes))
    # Without a scale of its own, the pixel size of a level is not known.
    size *= 1.0 if any(each.scale for each in own) else math.nan
    for each in (*own, *(image.transformations or ())):
        scale = np.array(each.scale or 1.0)
        with np.errstate(all="ignore"):  # a size may be infinite: then it is not known
            size, shift = size * scale, shift * scale + np.array(each.translation or 0.0)
    return [
        Axis(
            axis.name,
            KINDS.get(axis.type or "", _letter(axis.name)),
            s,
            axis.unit or "",
            at,
            axis.name not in image.unnamed,
        )
        for axis, s, at in zip(image.axes, size.tolist(), shift.tolist(), strict=True)
    ]


def own_axes(array: Any) -> list[Axis] | None:
    """Return the axes of an array by its own names, or by convention where it has none.

    None for more than three axes without names.
    """
    given = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    names = given if isinstance(given, Sequence) and len(given) == array.ndim else ()
    if any(names):
        return [Axis(str(name or "?"), _letter(str(name or ""))) for name in names]
    letters = _taken(array.shape)
    if letters is None:
        return None
    # A plane is one by any name.
    return [Axis(each, each.strip("?"), said=each != "z") for each in letters]


def _taken(shape: Sequence[int]) -> str | None:
    if len(shape) > 3 and shape[0] == 1:
        rest = _taken(shape[1:])
        return None if rest is None else f"?{rest}"
    if len(shape) == 3 and shape[-1] in (3, 4):
        return "yxc"
    return {2: "yx", 3: "zyx"}.get(len(shape))


def _letter(name: str) -> str:
    return LETTERS.get(name.strip().lower(), "")
