"""Provenance: what is needed to make a result again, as plain JSON, and reading it back.

A record is a dict of plain values. Label arrays (superpixels handed in, masks, scribbles) travel
inside it, compressed; images do not, only their fingerprint.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from napari_selfseg.record._model import check_record
from napari_selfseg.record._packing import pack

__all__ = [
    "KEYS",
    "STACK",
    "check_image",
    "dumps",
    "fingerprint",
    "loads",
    "software",
    "weights_hash",
    "with_cut",
    "with_finish",
    "with_outlines",
]

# Bytes of an image that are read at once for its fingerprint.
PIECE = 1 << 26
# What the record of a fit that was applied has instead.
APPLIED = ("applied", "fitted", "images", "software")
# And that of a stack, of which no single iteration is shown.
STACK = ("stack", "method", "superpixels", "images", "channel_axis", "iterations", "software")
KEYS = ("method", "superpixels", "images", "channel_axis", "iterations", "shown", "software")


def software() -> dict[str, str]:
    """Return the versions a result depends on, and the processor."""
    packages = ("napari-selfseg", "torch", "numpy", "scikit-image", "scipy")
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
        "platform": f"{sys.platform}-{platform.machine()}",
    }


def fingerprint(image: Any, name: str) -> dict[str, Any]:
    """Describe an image by name, shape, type and SHA-256, so that it can be recognised.

    A zarr or dask array is read in pieces.
    """
    lazy = isinstance(getattr(image, "dtype", None), np.dtype) and len(np.shape(image)) > 0
    array = image if lazy else np.asarray(image)
    digest = hashlib.sha256()
    for piece in _pieces(array):
        digest.update(np.ascontiguousarray(piece).data)
    shape = [int(n) for n in array.shape]
    return {"name": name, "shape": shape, "dtype": str(array.dtype), "sha256": digest.hexdigest()}


def _pieces(array: Any) -> Iterator[NDArray[Any]]:
    """Read an array in order, a few megabytes at a time."""
    shape = tuple(map(int, array.shape))
    inside = [math.prod(shape[k + 1 :]) * array.dtype.itemsize for k in range(len(shape))]
    along = next((k for k, size in enumerate(inside) if size <= PIECE), None)
    if along is None or 0 in shape:
        yield np.asarray(array)
        return
    step = max(1, PIECE // inside[along])
    for at in np.ndindex(shape[:along]):
        for first in range(0, shape[along], step):
            yield np.asarray(array[(*at, slice(first, first + step))])


def check_image(image: Any, expected: Mapping[str, Any]) -> None:
    """Refuse an image that is not the one of a record.

    Parameters
    ----------
    image : array_like
        What was found.
    expected : mapping
        From `fingerprint`.

    Raises
    ------
    ValueError
        When shape, type or content differ.
    """
    found = fingerprint(image, "")
    for key, word in (("shape", "shape"), ("dtype", "data type"), ("sha256", "content")):
        if found[key] != expected[key]:
            raise ValueError(
                f"This is not the image of the record ({expected['name'] or 'unnamed'}): its "
                f"{word} is {found[key]}, recorded was {expected[key]}."
            )


def with_cut(
    record: Mapping[str, Any],
    n_segments: int,
    superpixels: Mapping[str, Any] | None = None,
    scribbles: NDArray[Any] | None = None,
) -> dict[str, Any]:
    """Say in a record that not an iteration is shown but what all of them agree on, cut.

    Parameters
    ----------
    record : mapping
        From `Run.record`, of the last iteration that counts.
    n_segments : int
        How many segments.
    superpixels : mapping, optional
        The algorithm whose superpixels the segments are made of, where the run has none.
    scribbles : ndarray of int, optional
        What the tree was bound to after it was made (`Hierarchy.bound`).
    """
    cut: dict[str, Any] = {"n_segments": n_segments}
    if superpixels is not None:
        cut["superpixels"] = dict(superpixels)
    if scribbles is not None:
        cut["scribbles"] = scribbles
    return {**record, "cut": cut}


def with_outlines(record: Mapping[str, Any], outlines: str) -> dict[str, Any]:
    """Say in a record of a run what the borders of the labels follow."""
    return {**record, "method": {**record["method"], "outlines": outlines}}


def with_finish(record: Mapping[str, Any], finish: Mapping[str, Any] | None) -> dict[str, Any]:
    """Say in a record what labels became at last: name and parameters, None for nothing."""
    rest = {key: value for key, value in record.items() if key != "finish"}
    return rest if finish is None else {**rest, "finish": dict(finish)}


def weights_hash(weights: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of a fit's weights, which are on the CPU."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(weights[name].numpy()).data)
    return digest.hexdigest()


def dumps(record: Mapping[str, Any]) -> str:
    """Write a record as JSON."""
    return json.dumps(record, ensure_ascii=True, default=_encoded)


def _encoded(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return pack(value)
    if isinstance(value, np.integer | np.floating):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written into a record")


def loads(text: str) -> dict[str, Any]:
    """Read a record from JSON; ValueError when it is not whole, or something has another type."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The record cannot be read: {error}") from None
    needed = _needed(found) if isinstance(found, dict) else KEYS
    missing = [key for key in needed if not isinstance(found, dict) or key not in found]
    if missing:
        raise ValueError(f"The record is not complete: {', '.join(missing)} missing.")
    check_record(found)
    return dict(found)


def _needed(found: Mapping[str, Any]) -> tuple[str, ...]:
    if "applied" in found:
        return APPLIED
    return STACK if "stack" in found else KEYS
