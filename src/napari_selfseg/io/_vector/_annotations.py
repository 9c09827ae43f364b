"""Annotations of QuPath as labels: classes for scribbles, or a number each for truth."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._tiff._geotiff import GET_RASTERIO

__all__ = ["ANNOTATIONS", "Annotated", "read_annotations"]

ANNOTATIONS = (".geojson",)


class Annotated(NamedTuple):
    """Annotations as labels.

    Attributes
    ----------
    labels : ndarray of int32
        As the image; 0 where nothing is drawn.
    names : dict of int to str
        Of classes; empty where each annotation has a number of its own.
    """

    labels: NDArray[np.int32]
    names: dict[int, str]


def read_annotations(
    path: str | os.PathLike[str],
    shape: Sequence[int],
    *,
    by: Literal["class", "object"] = "class",
) -> Annotated:
    """Read annotations of QuPath, in pixels of the full resolution.

    Areas are filled with their holes left out, lines and points are a pixel wide; what comes later
    in the file lies above. Both ways count in which versions of QuPath write it: a collection, a
    list, a single feature; measurements and colours do not matter.

    Parameters
    ----------
    path : path_like
        From *File > Export objects as GeoJSON*.
    shape : sequence of int
        Of the image: ``(y, x)``, or ``(z, y, x)``.
    by : {"class", "object"}
        Whether annotations of one class get one number, in the order in which they come first, or
        each gets its own.

    Raises
    ------
    OSError
        When there is no such file, or it cannot be opened.
    ValueError
        When it holds no annotations of this image, one has no class where classes are wanted, or
        rasterio is not installed.
    """
    try:
        from rasterio.features import rasterize
    except ImportError:
        raise ValueError(f"Annotations are drawn by rasterio: {GET_RASTERIO}.") from None
    file = Path(path)
    features = list(_features(file))
    names = _names(features, file.name) if by == "class" else {}
    numbers = {name: number for number, name in names.items()}
    labels = np.zeros(tuple(shape), np.int32)
    planes = labels.reshape(-1, *labels.shape[-2:])
    burnt = [
        (each["geometry"], numbers[_class(each)] if by == "class" else k)
        for k, each in enumerate(features, start=1)
    ]

    def how(pair: tuple[Any, int]) -> tuple[int, bool]:
        return _plane(pair[0], len(planes), file.name), "Polygon" not in pair[0]["type"]

    for (plane, thin), alike in itertools.groupby(burnt, how):
        rasterize(list(alike), out=planes[plane], all_touched=thin)
    if not labels.any():
        size = " x ".join(map(str, shape))
        raise ValueError(f"Nothing of {file.name} lies in an image of {size} pixels.")
    return Annotated(labels, names)


def _features(file: Path) -> Iterator[dict[str, Any]]:
    try:
        told: Any = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(told, dict) and "crs" in told:
            raise ValueError("it is a map in a reference system, and not in pixels")
        found = told.get("features", [told]) if isinstance(told, dict) else told
        features = [each for each in found if each.get("geometry")]
        if not features:
            raise ValueError("it has no annotations")
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"{file.name} cannot be read as annotations of QuPath: {error}.") from None
    yield from features


def _class(feature: Mapping[str, Any]) -> str:
    told = (feature.get("properties") or {}).get("classification") or {}
    return str(told.get("name") or "")


def _names(features: Sequence[Mapping[str, Any]], name: str) -> dict[int, str]:
    found = list(dict.fromkeys(map(_class, features)))
    if "" in found:
        count = sum(_class(each) == "" for each in features)
        raise ValueError(
            f"{count} of {len(features)} annotations in {name} have no class: set one in QuPath, "
            "or delete them."
        )
    return dict(enumerate(found, start=1))


def _plane(geometry: Mapping[str, Any], count: int, name: str) -> int:
    plane = geometry.get("plane") or {}
    at = int(plane.get("z", 0))
    if not 0 <= at < count or plane.get("t", 0):
        raise ValueError(
            f"{name} has annotations at z {at}, t {plane.get('t', 0)}, where this image has no "
            "plane."
        )
    return at
