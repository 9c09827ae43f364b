"""GeoJSON that is written feature by feature: of a hundred thousand objects one is in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from napari_selfseg.io._vector._outlines import Rings
from napari_selfseg.io._writing._atomic import atomic_file

__all__ = ["geometry_of", "write_collection"]


def geometry_of(pieces: list[Rings], *, whole: bool = False) -> dict[str, Any]:
    """Return an object, of pieces of rings, as a geometry in GeoJSON.

    With `whole` coordinates are whole numbers, and written as such.
    """
    rings = [[(ring.astype(int) if whole else ring).tolist() for ring in piece] for piece in pieces]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "MultiPolygon", "coordinates": rings}


def write_collection(
    target: Path, features: Iterable[Mapping[str, Any]], members: Mapping[str, Any]
) -> None:
    """Write features, read one at a time, as a collection, whole or not at all.

    `members` are those of the collection, beside its type.
    """
    head = _text({"type": "FeatureCollection", **members})
    with atomic_file(target) as part, part.open("w", encoding="utf-8") as file:
        file.write(f'{head[:-1]}, "features": [')
        for k, feature in enumerate(features):
            file.write(",\n" if k else "\n")
            file.write(_text(feature))
        file.write("\n]}\n")


def _text(what: Mapping[str, Any]) -> str:
    return json.dumps(what, ensure_ascii=False)
