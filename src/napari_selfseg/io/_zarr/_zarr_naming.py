"""Names and colours of classes in OME-Zarr labels."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import zarr

from napari_selfseg.io._palette import class_colour
from napari_selfseg.io._zarr._zarr_inside import named, told_of
from napari_selfseg.io._zarr._zarr_levels import KEY

__all__ = ["name_classes"]


def name_classes(path: str | os.PathLike[str], names: Mapping[int, str]) -> None:
    """Give classes of labels in OME-Zarr their names, and a colour each.

    They are ``properties`` and ``colors`` of ``image-label``; classes that are not in `names` stay
    as they are.

    Raises
    ------
    ValueError
        When these are no such labels.
    OSError
        When nothing can be written.
    """
    folder = Path(path)
    group = zarr.open_group(str(folder), mode="r+", use_consolidated=False)
    told = told_of(group)
    if KEY not in group.attrs or "image-label" not in told:
        raise ValueError(f"{named(folder)} are no labels of napari-selfseg.")
    label: dict[str, Any] = dict(told["image-label"])
    label["properties"] = _merged(label.get("properties", []), names, lambda n: {"name": names[n]})
    colour = _merged(label.get("colors", []), names, lambda n: {"rgba": [*class_colour(n), 255]})
    label["colors"] = colour
    if "ome" in group.attrs:
        group.update_attributes({"ome": told | {"image-label": label}})
    else:
        group.update_attributes({"image-label": label})


def _merged(there: list[Any], names: Mapping[int, str], entry: Any) -> list[dict[str, Any]]:
    kept = [each for each in there if each.get("label-value") not in names]
    return kept + [{"label-value": number, **entry(number)} for number in sorted(names)]
