"""Outlines of objects of an image in memory, along their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._tiff._geotiff import GET_RASTERIO
from napari_selfseg.objects import compact

__all__ = ["Rings", "geometries", "outlines"]

Rings = list[NDArray[np.float64]]


def outlines(labels: NDArray[np.integer[Any]]) -> list[list[Rings]]:
    """Return the outlines of each object, in increasing order of their numbers.

    Parameters
    ----------
    labels : ndarray of int
        ``(y, x)`` objects from 1; 0 is left out.

    Returns
    -------
    list
        An object a list of pieces, a piece a list of closed rings ``(n, 2)`` of x and y in pixels
        from the corner of the first one: its outline, then its holes.

    Raises
    ------
    ValueError
        When these are no objects of a plane, or rasterio is not installed.
    """
    try:
        from rasterio.features import shapes
    except ImportError:
        raise ValueError(f"Polygons are made with rasterio: {GET_RASTERIO}.") from None
    if labels.ndim != 2:
        raise ValueError("Polygons are of a plane, and these are objects of a volume: write .csv.")
    numbers = np.unique(labels)
    numbers = numbers[numbers > 0]
    index = compact(labels, numbers)
    pieces: list[list[Rings]] = [[] for _ in numbers]
    for outline, number in shapes(index, mask=index > 0):
        rings = [np.array(ring, np.float64) for ring in outline["coordinates"]]
        pieces[int(number) - 1].append(rings)
    return pieces


def geometries(pieces: Sequence[list[Rings]]) -> NDArray[Any]:
    """Return objects, pieces as from `outlines` in any coordinates, as multipolygons of shapely."""
    import shapely

    found = np.empty(len(pieces), object)
    for k, each in enumerate(pieces):
        polygons = [shapely.Polygon(rings[0], rings[1:]) for rings in each]
        found[k] = shapely.MultiPolygon(polygons)
    return found
