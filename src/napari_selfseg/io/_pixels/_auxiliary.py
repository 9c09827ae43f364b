"""What GDAL writes about an image as XML: in a tag of a TIFF file, or in a file beside any."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

__all__ = ["Auxiliary", "auxiliary", "beside", "number", "roles_in"]

NAN = ("#IND", "#QNAN")  # as Windows once wrote it


class Auxiliary(NamedTuple):
    """What a file ``.aux.xml`` says of an image.

    Attributes
    ----------
    nodata : dict of (float or int)
        By channel, from 0: the value of pixels without data.
    roles : dict of bool
        By channel: whether it is opacity.
    placed : bool
        Whether it says where the image is.
    """

    nodata: dict[int, float | int]
    roles: dict[int, bool]
    placed: bool


def auxiliary(file: Path) -> Auxiliary:
    """Read the file ``.aux.xml`` beside an image; empty where none can be read."""
    path = beside(file, ".aux.xml")
    root = None if path is None else _root(path.read_bytes())
    if root is None:
        return Auxiliary({}, {}, False)
    bands = {int(band.get("band", 1)) - 1: band for band in root.iterfind("PAMRasterBand")}
    values = {k: number(band.findtext("NoDataValue", "")) for k, band in bands.items()}
    roles = {k: band.findtext("ColorInterp") for k, band in bands.items()}
    return Auxiliary(
        nodata={k: value for k, value in values.items() if value is not None},
        roles={k: role == "Alpha" for k, role in roles.items() if role},
        placed=any(root.find(name) is not None for name in ("SRS", "GeoTransform", "GCPList")),
    )


def beside(file: Path, *endings: str) -> Path | None:
    """Find a file that has the name of another and an ending more.

    Of ``a.tif`` and ``".msk"`` that is ``a.tif.msk`` or ``a.tif.MSK``.
    """
    names = [f"{file.name}{each}" for ending in endings for each in (ending, ending.upper())]
    return next((path for name in names if (path := file.with_name(name)).is_file()), None)


def roles_in(text: str) -> dict[int, bool]:
    """Read which samples are opacity from GDAL's tag for whatever TIFF has no tag for.

    The text may be empty. Samples it does not speak of are left out.
    """
    root = _root(text.encode())
    items = [] if root is None else root.findall("Item[@role='colorinterp']")
    return {int(item.get("sample", 0)): item.text == "Alpha" for item in items}


def number(text: str) -> float | int | None:
    """Read a number such as ``"255"``, ``"-3.4e38"`` or ``"nan"``, whole ones to the last digit.

    What is none is None.
    """
    plain = text.strip(" \0\r\n\t")
    if any(each in plain.upper() for each in NAN):
        return math.nan
    for kind in (int, float):
        try:
            return kind(plain)
        except ValueError:
            continue
    return None


def _root(text: bytes) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(text.strip(b" \0\r\n\t"))
    except ElementTree.ParseError:
        return None
