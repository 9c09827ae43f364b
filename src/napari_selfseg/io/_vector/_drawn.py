"""What is known of objects that are to be drawn: outlines, columns, and where they come from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._vector._outlines import Rings

__all__ = ["Drawn", "plain", "rows_of"]

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


def rows_of(columns: Mapping[str, NDArray[Any]]) -> Iterator[dict[str, Any]]:
    """Return the rows of a table, one at a time, with plain numbers.

    What is not finite becomes None, as JSON has no word for it.
    """
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, map(plain, row), strict=True))


def plain(value: Any) -> Any:
    """Return a plain number; None for one that is not finite."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
