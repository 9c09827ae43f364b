"""Steps along axes in one unit, whatever units a file has."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from napari_selfseg.io._units._unit_names import (
    PIXEL,
    length,
    length_sign,
    long_name,
    plain,
    time_sign,
)

__all__ = [
    "PIXEL",
    "Steps",
    "any_unit",
    "long_time",
    "long_unit",
    "steps_of",
    "steps_to_write",
]


class Steps(NamedTuple):
    """Sizes of a pixel in one unit, and what is not known of them.

    Attributes
    ----------
    spacing : tuple of float
        One an axis: in `unit` along axes of space, in `time_unit` along one of time; something
        to compute with where it is not known.
    unit : str
        Of OME-XML, OME-Zarr and napari alike; ``"pixel"`` where none is known.
    time_unit : str
        The same in time; empty where none is known.
    unknown : str
        Letters of the axes whose step is not known.
    notes : tuple of str
        What was taken for what is not known, in words that follow the name of a file.
    """

    spacing: tuple[float, ...]
    unit: str
    time_unit: str
    unknown: str
    notes: tuple[str, ...]


def steps_of(
    axes: str,
    stated: Mapping[str, tuple[Any, str | None]],
    *,
    otherwise: Mapping[str, float] | None = None,
) -> Steps:
    """Bring what is said of the size of a pixel to one unit, that of x where it has one.

    Parameters
    ----------
    axes : str
        A letter an axis: of t, z, y and x.
    stated : mapping of str to (float, str)
        By axis the step, of any sign or kind, and its unit by any name, empty or None for none.
        A sign says a direction; what is no number, 0 or not finite says nothing.
    otherwise : mapping of str to float, optional
        Steps to compute with, in the common unit, where none is stated; those of x by default.

    Notes
    -----
    Where there is no unit the numbers are kept, and the unit is the pixel. Where there is one that
    is none of length (``"cells"``), a pixel in x has the size 1. The step along axes that have
    another such unit than x, or none of length where x has one, is not known.
    """
    found = {a: (_size(stated[a][0]), plain(stated[a][1])) for a in axes if a in stated}
    given = {a: (size, name) for a, (size, name) in found.items() if size is not None}
    time, time_name = given.pop("t", (None, ""))
    sizes, unit = _in_one(given)
    notes = _strange(given)
    free = [a for a in axes if a != "t" and a not in sizes]
    # What is not known is computed with as if pixels were cubes, and noted as not known.
    reference = next((sizes[a] for a in "xyz" if a in sizes), 1.0)
    assumed = {a: (otherwise or {}).get(a, reference) for a in free}
    if unit != PIXEL:
        notes += [_taken(a, assumed[a], unit) for a in free]
    known = sizes | assumed | {"t": 1.0 if time is None else time}
    return Steps(
        spacing=tuple(known[a] for a in axes),
        unit=unit,
        time_unit=time_sign(time_name) or "",
        unknown="".join(free) + ("t" if time is None and "t" in axes else ""),
        notes=tuple(notes),
    )


def steps_to_write(
    axes: str, spacing: Sequence[float | None] | None, unit: str, time_unit: str
) -> Steps:
    """Bring what labels are to carry to units that every reader knows.

    Parameters
    ----------
    axes : str
        A letter an axis.
    spacing : sequence of float or None
        Size of a pixel along each axis, None where it is not known; None for no size at all.
    unit : str
        Of the spacing in space, by any name.
    time_unit : str
        Of the step in time, by any name; may be empty.

    Returns
    -------
    Steps
        A warning says when the unit is none.
    """
    sizes = [None] * len(axes) if spacing is None else spacing
    units = {axis: time_unit if axis == "t" else unit for axis in axes}
    stated = {axis: (size, units[axis]) for axis, size in zip(axes, sizes, strict=True)}
    if plain(unit) and length(plain(unit)) is None:
        warnings.warn(
            f"{unit!r} is no unit of length: labels get the ratio of the sizes alone.",
            stacklevel=2,
        )
    return steps_of(axes, stated)


def _in_one(given: Mapping[str, tuple[float, str]]) -> tuple[dict[str, float], str]:
    """Return sizes in the first unit of length from x to z; as they are where there is none."""
    lengths = {a: found for a, (_, name) in given.items() if (found := length(name))}
    first = next((a for a in "xyz" if a in lengths), None)
    if first is None:
        return _relative(given), PIXEL
    unit = lengths[first][0]
    one = length(unit)
    scale = {a: float(metres / one[1]) for a, (_, metres) in lengths.items()} if one else {}
    return {a: given[a][0] * factor for a, factor in scale.items()}, unit


def _relative(given: Mapping[str, tuple[float, str]]) -> dict[str, float]:
    first = next((given[a] for a in "xyz" if a in given), (1.0, ""))
    one = first[0] if first[1] else 1.0
    return {a: size / one for a, (size, name) in given.items() if name == first[1]}


def _strange(given: Mapping[str, tuple[float, str]]) -> list[str]:
    names = sorted({name for _, name in given.values() if name and length(name) is None})
    return [f"has pixels sized in {name!r}, which is no unit of length." for name in names]


def _taken(axis: str, size: float, unit: str) -> str:
    return (
        f"does not say the size of a pixel in {axis}: it is taken as {size:g} {unit}, and labels "
        "do not claim it."
    )


def _size(value: Any) -> float | None:
    try:
        size = abs(float(value))
    except (TypeError, ValueError):
        return None
    return size if 0 < size < math.inf else None


def long_unit(sign: str) -> str | None:
    """Return the name in OME-Zarr of a unit of length, such as ``"µm"``; None for pixels."""
    short = length_sign(plain(sign))
    return long_name(short) if short else None


def long_time(sign: str) -> str | None:
    """Return the name in OME-Zarr of a unit of time, such as ``"s"``; None if not known."""
    short = time_sign(plain(sign))
    return long_name(short) if short else None


@contextlib.contextmanager
def any_unit() -> Iterator[None]:
    """Let the models of OME-Zarr take units that are not on its list, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
