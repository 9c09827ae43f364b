"""Names and colours of classes in OME-Zarr labels."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import zarr
from numpy.typing import NDArray

from napari_selfseg.io._palette import class_colour
from napari_selfseg.io._zarr._zarr_levels import KEY
from napari_selfseg.io._zarr._zarr_paths import named, ome_metadata

__all__ = ["name_classes", "name_objects"]


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
    _add(path, {n: {"name": name} for n, name in names.items()}, {n: n for n in names})


def name_objects(
    path: str | os.PathLike[str], classes: Sequence[int] | NDArray[Any], names: Mapping[int, str]
) -> None:
    """Tell of objects in OME-Zarr labels of which class they are, and give them its colour.

    `classes` has one for each number from 0 on, 0 for none, and `names` those of the classes that
    have one. It raises what `name_classes` does.
    """
    of = {n: int(one) for n, one in enumerate(classes) if n and one}
    told = {
        n: {"class": one} | ({"name": names[one]} if one in names else {}) for n, one in of.items()
    }
    _add(path, told, of)


def _add(
    path: str | os.PathLike[str],
    properties: Mapping[int, Mapping[str, Any]],
    classes: Mapping[int, int],
) -> None:
    """Add what is told of labels to their properties, and the colours of their classes."""
    folder = Path(path)
    group = zarr.open_group(str(folder), mode="r+", use_consolidated=False)
    metadata = ome_metadata(group)
    if KEY not in group.attrs or "image-label" not in metadata:
        raise ValueError(f"{named(folder)} are no labels of napari-selfseg.")
    label: dict[str, Any] = dict(metadata["image-label"])
    colours = {n: {"rgba": [*class_colour(one), 255]} for n, one in classes.items()}
    label["properties"] = _merged(label.get("properties", []), properties)
    label["colors"] = _merged(label.get("colors", []), colours)
    if "ome" in group.attrs:
        group.update_attributes({"ome": metadata | {"image-label": label}})
    else:
        group.update_attributes({"image-label": label})


def _merged(there: list[Any], told: Mapping[int, Mapping[str, Any]]) -> list[dict[str, Any]]:
    kept = [each for each in there if each.get("label-value") not in told]
    return kept + [{"label-value": number, **told[number]} for number in sorted(told)]
