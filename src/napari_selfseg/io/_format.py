"""What is known of a format of files: its endings, and how it is read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from napari_selfseg.io._pixels._image_file import Georeference, ImageFile, Opacity

__all__ = ["Format", "How", "Place", "filter_of", "names_of"]


class How(NamedTuple):
    """How pixels are meant.

    Attributes
    ----------
    numbers : bool
        Whether the numbers are meant, and not the colours that a palette gives them.
    opacity : {"mask", "channel"}
        What becomes of a channel that says how opaque a pixel is.
    """

    numbers: bool = False
    opacity: Opacity = "mask"


class Place(NamedTuple):
    """Where labels are.

    Attributes
    ----------
    axes : str
        A letter an axis, of t, z, y and x in this order.
    spacing : sequence of float or None
        Size of a pixel along each axis; None where it is not known.
    unit, time_unit : str
        Of the spacing in space and in time.
    translation : sequence of float
        Where the centre of the first pixel is along each axis.
    georeference : Georeference or None
        Where a plane is on Earth.
    unnamed : str
        Letters of the axes that have one only because each needs one: nobody has said what they
        are.
    """

    axes: str
    spacing: Sequence[float | None] | None = None
    unit: str = "pixel"
    time_unit: str = ""
    translation: Sequence[float] = ()
    georeference: Georeference | None = None
    unnamed: str = ""


@dataclass(frozen=True)
class Format:
    """A format of files, declared once for all that reads and writes.

    Attributes
    ----------
    name : str
        As people call it, such as ``"OME-Zarr"``.
    endings : tuple of str
        Of file names, in lower case, such as ``(".tif", ".tiff")``.
    read : callable, optional
        Given a path that is there and `How`, reads an image; None where images cannot be read.
    open : callable, optional
        The same, with pixels left in the file (`View`); by default they are read.
    write : callable, optional
        Given a path, labels, their `Place` and a record or None, writes labels, whole or not at
        all; None where labels cannot be written.
    record : callable, optional
        Given a path that is there, returns the record of labels.
    check : callable, optional
        Given a path, refuses what labels cannot take the place of, before any work.
    proposed : str
        Ending of labels that nobody has named; the first of the endings by default.
    folder : bool
        Whether what has such a name is a folder.
    exact : bool
        Whether a pixel is read as it was written, which labels need.
    by_blocks : bool
        Whether labels can be written piece by piece, in any order, by several processes.
    moved : bool
        Whether the place of the first pixel of labels is kept (`Place.translation`).
    on_earth : tuple of int
        Numbers of axes of labels whose place on Earth is kept.
    """

    name: str
    endings: tuple[str, ...]
    read: Callable[[Path, How], ImageFile] | None = None
    open: Callable[[Path, How], ImageFile] | None = None
    write: Callable[[Path, Any, Place, Mapping[str, Any] | None], None] | None = None
    record: Callable[[Path], dict[str, Any]] | None = None
    check: Callable[[Path], Path] | None = None
    proposed: str = ""
    folder: bool = False
    exact: bool = True
    by_blocks: bool = False
    moved: bool = True
    on_earth: tuple[int, ...] = ()

    @property
    def suggested(self) -> str:
        """Ending of labels that nobody has named."""
        return self.proposed or self.endings[0]

    @property
    def words(self) -> str:
        """Its name and endings, as dialogs show them: ``"TIFF (*.tif *.tiff)"``."""
        return filter_of(self.name, [self])


def filter_of(title: str, formats: Sequence[Format]) -> str:
    """Say which files a dialog shows, such as ``"Images (*.tif *.tiff *.png)"``."""
    return f"{title} ({' '.join(f'*{ending}' for each in formats for ending in each.endings)})"


def names_of(formats: Sequence[Format]) -> str:
    """Say which formats there are to choose from, such as ``"TIFF, PNG or JPEG"``."""
    *others, last = [each.name for each in formats]
    return f"{', '.join(others)} or {last}" if others else last
