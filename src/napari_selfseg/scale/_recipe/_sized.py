"""Sizes of objects in the unit of an image, as numbers of its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import overload

from napari_selfseg.instances import AsObjects, pixels_at_least, pixels_at_most, unit_of_size
from napari_selfseg.io import units_in
from napari_selfseg.protocol import Finish

__all__ = ["in_pixels"]

_NAMES = {2: "an area", 3: "a volume"}


@overload
def in_pixels(finish: None, spacing: Sequence[float], unit: str) -> None: ...
@overload
def in_pixels(finish: Finish, spacing: Sequence[float], unit: str) -> Finish: ...
@overload
def in_pixels(finish: Finish | None, spacing: Sequence[float], unit: str) -> Finish | None: ...
def in_pixels(finish: Finish | None, spacing: Sequence[float], unit: str) -> Finish | None:
    """Turn areas and volumes into numbers of pixels of an image.

    Parameters
    ----------
    finish : Finish or None
        Such as ``AsObjects(smallest="20 µm²")``.
    spacing : sequence of float
        Size of a pixel along each axis of what is labelled at once, such as `ImageFile.spacing`.
    unit : str
        Of the spacing, such as `ImageFile.unit`; ``"pixel"`` where none is known.

    Returns
    -------
    Finish or None
        With sizes in pixels; itself where they are.

    Raises
    ------
    ValueError
        When the image has no such unit, or a size is an area in a volume, or the reverse.
    """
    if not isinstance(finish, AsObjects):
        return finish
    smallest, largest = finish.smallest, finish.largest
    if isinstance(smallest, str):
        smallest = pixels_at_least(*_measured(smallest, spacing, unit))
    if isinstance(largest, str):
        largest = pixels_at_most(*_measured(largest, spacing, unit))
    return finish.replace(smallest=smallest, largest=largest)  # type: ignore[no-any-return]


def _measured(size: str, spacing: Sequence[float], unit: str) -> tuple[float, float]:
    """Return a size and that of a pixel in one unit."""
    value, named, power = unit_of_size(size)
    if power != len(spacing):
        raise ValueError(
            f"{size} is {_NAMES[power]}, and the image has {len(spacing)} axes: give "
            f"{_NAMES.get(len(spacing), 'a number of pixels')}, such as 20um{len(spacing)}."
        )
    if units_in(named, named) is None:
        raise ValueError(f"{named!r} in {size} is no unit of length: give one such as um or nm.")
    times = units_in(named, unit)
    if times is None:
        raise ValueError(
            f"The image does not say how large its pixels are, so {size} means nothing in it: give "
            "a number of pixels."
        )
    return value * times**power, prod(map(float, spacing))
