"""What is known of objects that are to be drawn: outlines, columns, and where they come from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._vector._outlines import Rings

__all__ = ["AT_ONCE", "Drawn", "rows_of"]

# Objects that are made ready for a file together.
AT_ONCE: Final = 10_000

Affine = tuple[float, float, float, float, float, float]


class Drawn(NamedTuple):
    """Objects with their outlines.

    Attributes
    ----------
    pieces : sequence
        From `outlines`, in pixels from the corner of the first one.
    columns : mapping of str to ndarray
        From `object_features`, in the same order.
    names : mapping of int to str
        Of classes.
    source : str
        Name of the image; empty where nobody knows.
    settings : str
        What made the objects, in words.
    """

    pieces: Sequence[list[Rings]]
    columns: Mapping[str, NDArray[Any]]
    names: Mapping[int, str]
    source: str = ""
    settings: str = ""

    def class_name(self, number: int) -> str:
        """Return the name of a class."""
        return self.names.get(number, f"Class {number}")

    def placed(self, transform: Affine) -> Iterator[list[Rings]]:
        """Bring outlines to other coordinates, object by object.

        `transform` is affine, a to f, and counts from the corner of the first pixel.
        """
        a, b, c, d, e, f = transform
        turned, moved = np.array([[a, d], [b, e]]), np.array([c, f])
        for pieces in self.pieces:
            yield [[ring @ turned + moved for ring in rings] for rings in pieces]


def labelled(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return columns as files name them: the number of an object is its label.

    napari looks for it under `index`.
    """
    return {"label" if name == "index" else name: each for name, each in columns.items()}


def rows_of(columns: Mapping[str, NDArray[Any]]) -> Iterator[dict[str, Any]]:
    """Return the rows of a table, one at a time, with plain numbers.

    What is not finite becomes None, as JSON has no word for it.
    """
    length = len(next(iter(columns.values()), ()))
    for start in range(0, length, AT_ONCE):
        some = [_plain(each[start : start + AT_ONCE]) for each in columns.values()]
        for row in zip(*some, strict=True):
            yield dict(zip(columns, row, strict=True))


def _plain(values: NDArray[Any]) -> list[Any]:
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return list(values.tolist())
    return [each if math.isfinite(each) else None for each in values.tolist()]
