"""Arrays and options of a record, as lines of a script."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_selfseg import record as _record
from napari_selfseg.catalogue import finish_named, known_superpixels
from napari_selfseg.parameters import restore
from napari_selfseg.replaying._calls import WIDTH, bracketed, constructed
from napari_selfseg.replaying._reading import literal

__all__ = ["LATER", "arrays", "axes", "drawn_later", "given", "numbered", "options"]

# The variable with the strokes that a cut was bound to after the run.
LATER = "drawn_later"


def arrays(record: Mapping[str, Any]) -> str:
    """Write mask, scribbles and superpixels that were given as arrays."""
    blocks = []
    for key in ("mask", "scribbles", "superpixels"):
        named = zip(numbered(key, record), given(record, key), strict=True)
        for k, (variable, array) in enumerate(named):
            if array is not None:
                blocks.append(f"{variable} = {_packed(array, _shape(record, k))}")
    if (later := drawn_later(record)) is not None:
        blocks.append(f"{LATER} = {_packed(later, _shape(record, 0))}")
    return "\n".join(blocks) + "\n" if blocks else ""


def given(record: Mapping[str, Any], key: str) -> Sequence[Any]:
    arrays = record.get(key)
    return [] if arrays is None or isinstance(arrays, Mapping) else arrays


def numbered(key: str, record: Mapping[str, Any]) -> list[str]:
    n = len(given(record, key))
    return [key] if n == 1 else [f"{key}_{k + 1}" for k in range(n)]


def _shape(record: Mapping[str, Any], number: int) -> list[int]:
    """Return the spatial shape of an image, which the script has checked before."""
    shape, axis = list(record["images"][number]["shape"]), record["channel_axis"]
    if axis is not None:
        del shape[axis]
    return shape


def _packed(array: Any, shape: Sequence[int]) -> str:
    held = array if isinstance(array, Mapping) else _record.pack(np.asarray(array))
    # Only the letters of base64: nothing ends the string but its own quotes.
    data = re.sub(r"[^A-Za-z0-9+/=]", "", str(held.get("data", "")))
    rows = "\n".join(data[at : at + WIDTH] for at in range(0, len(data), WIDTH))
    return (
        f'ss.unpack({{"encoding": "{_record.PACKED}", "data": """\n{rows}\n"""}}, {literal(shape)})'
    )


def drawn_later(record: Mapping[str, Any]) -> Any:
    """Return the strokes that a cut was bound to after the run; None where there are none."""
    return (record.get("cut") or {}).get("scribbles")


def options(record: Mapping[str, Any]) -> list[str]:
    """Write superpixels, mask, scribbles, axes and names as keyword arguments."""
    values = []
    if isinstance(record["superpixels"], Mapping):
        algorithm = restore(record["superpixels"], known_superpixels(), "superpixel algorithm")
        values.append(f"superpixels={constructed(algorithm)}")
    for key in ("superpixels", "mask", "scribbles"):
        variables = [
            "None" if array is None else variable
            for variable, array in zip(numbered(key, record), given(record, key), strict=True)
        ]
        if set(variables) - {"None"}:
            values.append(f"{key}={bracketed(variables, record)}")
    values += axes(record)
    if (finish := finish_named(record.get("finish"))) is not None:
        values.append(f"finish={constructed(finish)}")
    names = [str(image["name"]) for image in record["images"]]
    if any(names):
        values.append(f"name={names if record.get('several') else names[0]!r}")
    return values


def axes(record: Mapping[str, Any]) -> list[str]:
    values = []
    if record["channel_axis"] is not None:
        values.append(f"channel_axis={literal(record['channel_axis'])}")
    spacing = record.get("spacing")
    if spacing is not None and set(spacing) != {1.0}:
        values.append(f"spacing={literal(spacing)}")
    return values
