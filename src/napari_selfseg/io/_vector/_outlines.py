"""Outlines of objects along their pixels, exact or simplified with borders that stay shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._tiff._geotiff import GET_RASTERIO

__all__ = ["geometries", "outlines", "pieces_of", "simplified"]

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
    numbers = np.unique(labels[labels > 0])
    index = np.where(labels > 0, np.searchsorted(numbers, labels) + 1, 0).astype(np.int32)
    pieces: list[list[Rings]] = [[] for _ in numbers]
    for outline, number in shapes(index, mask=index > 0):
        rings = [np.array(ring, np.float64) for ring in outline["coordinates"]]
        pieces[int(number) - 1].append(rings)
    return pieces


def simplified(pieces: Sequence[list[Rings]], tolerance: float) -> list[list[Rings]]:
    """Simplify outlines so that neighbours keep one border and nothing overlaps.

    Parameters
    ----------
    pieces : sequence
        From `outlines`.
    tolerance : float
        In pixels: corners that span triangles of less than its square are left out.

    Raises
    ------
    ValueError
        When shapely is not installed.

    References
    ----------
    Visvalingam and Whyatt, The Cartographic Journal 1993, doi:10.1179/000870493786962263.
    """
    try:
        import shapely
    except ImportError:
        raise ValueError(f"Outlines are simplified by shapely: {GET_RASTERIO}.") from None
    # Where three objects meet, one of them may have no corner: with one at each pixel they agree.
    fine = shapely.segmentize(geometries(pieces), 1.0)
    whole = shapely.transform(fine, np.round)
    return [pieces_of(each) for each in shapely.coverage_simplify(whole, tolerance)]


def geometries(pieces: Sequence[list[Rings]]) -> NDArray[Any]:
    """Return objects, pieces as from `outlines` in any coordinates, as multipolygons of shapely."""
    import shapely

    found = np.empty(len(pieces), object)
    for k, each in enumerate(pieces):
        polygons = [shapely.Polygon(rings[0], rings[1:]) for rings in each]
        found[k] = shapely.MultiPolygon(polygons)
    return found


def pieces_of(geometry: Any) -> list[Rings]:
    """Return a geometry of shapely as pieces.

    Parameters
    ----------
    geometry : shapely.Geometry
        A polygon, or several.
    """
    import shapely

    return [
        [np.array(ring.coords) for ring in (piece.exterior, *piece.interiors)]
        for piece in shapely.get_parts(geometry)
        if not piece.is_empty
    ]
