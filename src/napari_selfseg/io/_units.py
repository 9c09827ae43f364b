"""Units of length under the names that people and OME-Zarr use."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

__all__ = ["any_unit", "long_unit", "short_unit"]

LONG = {
    "Å": "angstrom",
    "nm": "nanometer",
    "µm": "micrometer",
    "mm": "millimeter",
    "cm": "centimeter",
    "m": "meter",
    "km": "kilometer",
}
SHORT = {long: short for short, long in LONG.items()} | {"um": "µm", "micron": "µm"}


@contextlib.contextmanager
def any_unit() -> Iterator[None]:
    """Let the models of OME-Zarr take units that are not on its list, without a warning.

    Yields
    ------
    None
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def short_unit(name: str) -> str:
    """Return the sign of a unit of length.

    Parameters
    ----------
    name : str
        Such as ``"micrometer"``.

    Returns
    -------
    str
        Such as ``"µm"``; the name where there is no sign.
    """
    return SHORT.get(name, name)


def long_unit(sign: str) -> str | None:
    """Return the name of a unit of length.

    Parameters
    ----------
    sign : str
        Such as ``"µm"``.

    Returns
    -------
    str or None
        Such as ``"micrometer"``; None for pixels.
    """
    sign = short_unit(sign)
    return None if sign == "pixel" else LONG.get(sign, sign)
