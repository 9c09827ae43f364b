"""Objects for QuPath: GeoJSON in its own words, in pixels of the full resolution."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from napari_selfseg.io._palette import class_colour
from napari_selfseg.io._vector._drawn import Drawn, rows_of
from napari_selfseg.io._vector._features import geometry_of, write_collection

__all__ = ["write_qupath"]

# What says which object it is, and is not measured.
NUMBERS: Final = ("index", "class", "name")
SPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "napari-selfseg")


def write_qupath(target: Path, drawn: Drawn) -> None:
    """Write objects as detections of QuPath, with classes in colours and measurements.

    QuPath opens the file by *File > Import objects from file*, or when it is dropped on the image.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    write_collection(target, _detections(drawn), {})


def _detections(drawn: Drawn) -> Iterator[dict[str, Any]]:
    for pieces, row in zip(drawn.pieces, rows_of(drawn.columns), strict=True):
        properties: dict[str, Any] = {"objectType": "detection", "name": str(row["index"])}
        if "class" in row:
            properties["classification"] = {
                "name": drawn.class_name(row["class"]),
                "color": list(class_colour(row["class"])),
            }
        properties["measurements"] = {
            name: value for name, value in row.items() if name not in NUMBERS and value is not None
        }
        yield {
            "type": "Feature",
            "id": str(uuid.uuid5(SPACE, f"{drawn.source}/{row['index']}")),
            "geometry": geometry_of(pieces, whole=True),
            "properties": properties,
        }
