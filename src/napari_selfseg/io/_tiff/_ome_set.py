"""OME-TIFF sets of several files: where their description is, and whether all of them are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import tifffile

from napari_selfseg.io._pixels._image_file import UnsuitableError

__all__ = ["open_set"]


def open_set(file: Path) -> tifffile.TiffFile:
    """Open a TIFF file, to be closed; of a set of OME-TIFF files with the description of all.

    A file of the set that is missing raises UnsuitableError.
    """
    tiff = tifffile.TiffFile(file)
    try:
        root = _described(tiff)
        if root is None:
            return tiff
        elsewhere = root.find("{*}BinaryOnly")
        if elsewhere is not None:
            return _by_companion(tiff, file, elsewhere.get("MetadataFile", ""))
        return _whole(tiff, file, root)
    except BaseException:
        tiff.close()
        raise


def _described(tiff: tifffile.TiffFile) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(tiff.ome_metadata or "") if tiff.is_ome else None
    except ElementTree.ParseError:
        return None


def _by_companion(tiff: tifffile.TiffFile, file: Path, name: str) -> tifffile.TiffFile:
    companion = file.parent / (name or "?")
    if not companion.is_file():
        raise UnsuitableError(
            f"{file.name} is part of a set that {name} describes, which is missing: put it into "
            "the same folder under that name."
        )
    tiff.close()
    if companion.suffix.lower() in (".tif", ".tiff"):
        return open_set(companion)
    xml = companion.read_text(encoding="utf-8")
    return _whole(tifffile.TiffFile(file, omexml=xml), file, ElementTree.fromstring(xml))


def _whole(tiff: tifffile.TiffFile, file: Path, root: ElementTree.Element) -> tifffile.TiffFile:
    """Refuse a set of which files are missing; take a single one as it is called now."""
    here = root.get("UUID")
    named = {name for uuid, name in _members(root) if uuid != here}
    missing = sorted(name for name in named if not (file.parent / name).is_file())
    if not missing:
        return tiff
    if len({name for _, name in _members(root)}) > 1:
        tiff.close()
        raise UnsuitableError(
            f"{file.name} is part of a set of files, of which {missing[0]} is missing "
            f"({len(missing)} in all): put all of them into one folder, under the names they were "
            "written with."
        )
    # All planes are in one file, which was renamed.
    for data in root.iterfind(".//{*}TiffData"):
        for uuid in data.findall("{*}UUID"):
            data.remove(uuid)
    tiff.close()
    return tifffile.TiffFile(file, omexml=ElementTree.tostring(root, encoding="unicode"))


def _members(root: ElementTree.Element) -> Iterator[tuple[str | None, str]]:
    for uuid in root.iterfind(".//{*}TiffData/{*}UUID"):
        if name := uuid.get("FileName"):
            yield uuid.text, name
