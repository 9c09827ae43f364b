"""Outlines of objects along their pixels, exact or simplified with borders that stay shared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_selfseg.io._tiff._geotiff import GET_RASTERIO
from napari_selfseg.objects import compact

__all__ = ["geometries", "outlines", "pieces_of", "simplified"]

Rings = list[NDArray[np.float64]]

# Objects that are simplified together.
AT_ONCE: Final = 500


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
    shapes, found = geometries(pieces), list(pieces)
    for some in _neighbourhoods(shapes):
        # Where three objects meet, one may have no corner: with one at each pixel they agree.
        fine = shapely.transform(shapely.segmentize(shapes[some], 1.0), np.round)
        for at, each in zip(some, shapely.coverage_simplify(fine, tolerance), strict=True):
            found[at] = pieces_of(each)
    return found


def _neighbourhoods(shapes: NDArray[Any]) -> Iterator[NDArray[np.int64]]:
    """Divide objects so that those that touch stay together: by numbers, the work grows faster."""
    import shapely

    n = len(shapes)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    touching = coo_array((np.ones(len(one), bool), (one, other)), shape=(n, n))
    _, which = connected_components(touching, directed=False)
    share = (np.cumsum(np.bincount(which)) // AT_ONCE)[which]
    return (np.flatnonzero(share == each) for each in np.unique(share))


def geometries(pieces: Sequence[list[Rings]]) -> NDArray[Any]:
    """Return objects, pieces as from `outlines` in any coordinates, as multipolygons of shapely."""
    import shapely

    found = np.empty(len(pieces), object)
    for k, each in enumerate(pieces):
        polygons = [shapely.Polygon(rings[0], rings[1:]) for rings in each]
        found[k] = shapely.MultiPolygon(polygons)
    return found


def pieces_of(geometry: Any) -> list[Rings]:
    """Return a polygon of shapely, or several, as pieces."""
    import shapely

    return [
        [np.array(ring.coords) for ring in (piece.exterior, *piece.interiors)]
        for piece in shapely.get_parts(geometry)
        if not piece.is_empty
    ]
