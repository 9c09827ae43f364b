"""Units of length and time, by all the names that files have for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

__all__ = ["PIXEL", "length", "length_sign", "long_name", "plain", "time_sign", "units_in"]

PIXEL = "pixel"
PIXELS = {"", "pixel", "pixels", "px", "pix", "voxel", "voxels"}
# Those that OME-XML, OME-Zarr and napari know, all three.
PREFIXES = {
    "y": ("yocto", -24),
    "z": ("zepto", -21),
    "a": ("atto", -18),
    "f": ("femto", -15),
    "p": ("pico", -12),
    "n": ("nano", -9),
    "µ": ("micro", -6),
    "m": ("milli", -3),
    "c": ("centi", -2),
    "d": ("deci", -1),
    "": ("", 0),
    "h": ("hecto", 2),
    "k": ("kilo", 3),
    "M": ("mega", 6),
    "G": ("giga", 9),
    "T": ("tera", 12),
    "P": ("peta", 15),
    "E": ("exa", 18),
    "Z": ("zetta", 21),
    "Y": ("yotta", 24),
}
INCH = Fraction(254, 10_000)


class _Unit(NamedTuple):
    """A name as OME-Zarr writes it, and how many metres or seconds it has."""

    long: str
    size: Fraction


def _prefixed(sign: str, long: str) -> dict[str, _Unit]:
    return {f"{p}{sign}": _Unit(f"{n}{long}", Fraction(10) ** e) for p, (n, e) in PREFIXES.items()}


LENGTHS = _prefixed("m", "meter") | {
    "Å": _Unit("angstrom", Fraction(1, 10**10)),
    "in": _Unit("inch", INCH),
    "ft": _Unit("foot", 12 * INCH),
    "yd": _Unit("yard", 36 * INCH),
    "mi": _Unit("mile", 63_360 * INCH),
}
TIMES = _prefixed("s", "second") | {
    "min": _Unit("minute", Fraction(60)),
    "h": _Unit("hour", Fraction(3600)),
    "d": _Unit("day", Fraction(86_400)),
}
# Other names of the same units.
LENGTH_NAMES = {
    "um": "µm",
    "µ": "µm",
    "u": "µm",
    "micron": "µm",
    "micro": "µm",
    "ångström": "Å",
    "angström": "Å",
    "ang": "Å",
    "inches": "in",
    '"': "in",
    "feet": "ft",
    "international foot": "ft",
}
TIME_NAMES = {"us": "µs", "sec": "s", "msec": "ms", "usec": "µs", "minutes": "min", "hr": "h"}
# Units of length that not everybody knows, in one that is known.
OTHERS = {
    "us survey foot": ("m", Fraction(1200, 3937)),
    "us_survey_foot": ("m", Fraction(1200, 3937)),
    "survey_foot": ("m", Fraction(1200, 3937)),
    "foot_us": ("m", Fraction(1200, 3937)),
    "ftus": ("m", Fraction(1200, 3937)),
    "thou": ("in", Fraction(1, 1000)),
    "mil": ("in", Fraction(1, 1000)),
    "li": ("in", Fraction(1, 12)),
    "line": ("in", Fraction(1, 12)),
    "pt": ("in", Fraction(1, 72)),
    "point": ("in", Fraction(1, 72)),
    "dam": ("m", Fraction(10)),
    "decameter": ("m", Fraction(10)),
    "ua": ("km", Fraction(149_597_870_700, 1000)),
    "ly": ("km", Fraction(9_460_730_472_580_800, 1000)),
    "pc": ("km", Fraction(30_856_775_814_913_673, 1000)),
}


def _signs(units: Mapping[str, _Unit], others: Mapping[str, str]) -> dict[str, str]:
    """Return signs by what is written in small letters: plural, British, another sign."""
    # Of mm and Mm the first counts.
    small = {sign.lower(): sign for sign in reversed(list(units)) if len(sign) > 1}
    long = {unit.long: sign for sign, unit in units.items()}
    long |= {name.replace("meter", "metre"): sign for name, sign in long.items()}
    long |= others
    return small | {f"{name}s": sign for name, sign in long.items()} | long


LENGTH_SIGNS = _signs(LENGTHS, LENGTH_NAMES)
TIME_SIGNS = _signs(TIMES, TIME_NAMES)


def plain(name: str | None) -> str:
    """Return a name in one spelling of its letters: µ and Å have two codes each, and escapes."""
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), str(name or ""))
    text = unicodedata.normalize("NFKC", text).replace("\u03bc", "µ").replace("Âµ", "µ")
    text = " ".join(text.strip(" \0").split())
    return "" if text.lower() in PIXELS else text


def length(name: str) -> tuple[str, Fraction] | None:
    """Return the sign to use for a unit of length, and its metres; the name is from `plain`.

    The sign may be that of another unit, where the named one is not known everywhere.
    """
    sign = length_sign(name)
    if sign is not None:
        return sign, LENGTHS[sign].size
    if name.lower() not in OTHERS:
        return None
    sign, factor = OTHERS[name.lower()]
    return sign, factor * LENGTHS[sign].size


def length_sign(name: str) -> str | None:
    """Return the sign of a unit of length that is known everywhere; the name is from `plain`."""
    return name if name in LENGTHS else LENGTH_SIGNS.get(name.lower())


def time_sign(name: str) -> str | None:
    """Return the sign of a unit of time; the name is from `plain`."""
    return name if name in TIMES else TIME_SIGNS.get(name.lower())


def long_name(sign: str) -> str:
    """Return the name in OME-Zarr of a sign from `length_sign` or `time_sign`."""
    return (LENGTHS | TIMES)[sign].long


def units_in(one: str, other: str) -> float | None:
    """Return how many of another unit of length one is, such as 1000 um in a mm.

    Units have any name; None where one is no unit of length.
    """
    first, second = length(plain(one)), length(plain(other))
    return None if first is None or second is None else float(first[1] / second[1])
