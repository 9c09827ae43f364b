"""Objects of a stack as a table: a row an object and plane."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from napari_selfseg.catalogue import are_objects
from napari_selfseg.io import Drawn, ImageFile, write_drawn
from napari_selfseg.objects import PlaneTable

__all__ = ["check_rows", "write_rows"]

CSV: Final = ".csv"
DRAWN: Final = (
    "Objects of a stack that is labelled plane by plane are a table with a row an object and "
    "plane: give --objects a name that ends in .csv."
)
SUMMED: Final = (
    "A table in the image has a row an object, in which areas would be summed over time: write "
    "a row an object and plane, with --objects FILE.csv."
)


def check_rows(objects: Path | None, table: Path | None, names: str) -> None:
    """Refuse what cannot be written of a stack; `names` are the letters gone along.

    Raises
    ------
    ValueError
        When outlines are asked for, or one row for what is measured at several times.
    """
    if objects is not None and objects.suffix.lower() != CSV:
        raise ValueError(DRAWN)
    if table is not None and "t" in names:
        raise ValueError(SUMMED)


def write_rows(
    path: Path,
    image: ImageFile,
    labels: Any,
    record: Mapping[str, Any],
    follow: Callable[[PlaneTable], object] = PlaneTable.finish,
) -> None:
    """Measure labels plane by plane, which may lie on a disk, and write a table.

    Objects have their own numbers; of anything else each connected piece of a plane is a row.
    `follow` goes through the work; KeyboardInterrupt where somebody ended it.
    """
    letters, axes = image.axes.replace("c", ""), tuple(record["stack"]["axis"])
    measure = _measure(image, letters, axes)
    rows = PlaneTable(
        labels,
        image.data,
        axes,
        ["" if each in image.unnamed else each for each in letters],
        channel_axis=image.channel_axis,
        own=are_objects(record) or bool(record.get("objects")),
        **measure,
    )
    follow(rows)
    if not rows.complete:
        raise KeyboardInterrupt
    drawn = Drawn((), rows.columns(), {}, Path(image.name).name, "")
    write_drawn(path, drawn, **measure)


def _measure(image: ImageFile, letters: str, axes: tuple[int, ...]) -> dict[str, Any]:
    """Return in what planes are measured: the step between them need not be known."""
    across = "".join(letters[k] for k in axes)
    known = set(image.unknown) <= set(across)
    return {"spacing": image.spacing, "unit": image.unit} if known else dict(image.measure)
