"""What a notebook shows of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.parameters import Parameters
from napari_selfseg.protocol._method._method import Method

__all__ = ["changed_parameters", "counted_labels", "run_rows"]


def run_rows(
    method: Method, provenance: Mapping[str, Any], image: int = 0
) -> list[tuple[str, str]]:
    """Say how a run was begun.

    Parameters
    ----------
    method : Method
        What runs.
    provenance : mapping
        What its record says from the beginning.
    image : int
        Which image is shown.
    """
    rows = [("Image", _image(provenance, image)), ("Parameters", changed_parameters(method))]
    if (made := provenance["superpixels"]) is not None:
        rows.append(("Superpixels", _superpixels(made)))
    return rows


def changed_parameters(parameters: Parameters) -> str:
    """Say which parameters differ from the defaults, as a script gives them."""
    declared = type(parameters).declared()
    values = [(each, getattr(parameters, each.name)) for each in declared]
    changed = [f"{each.name}={value!r}" for each, value in values if value != each.default]
    return ", ".join(changed) or "as by default"


def counted_labels(labels: NDArray[Any], *, objects: bool) -> tuple[str, str]:
    """Say how many labels there are."""
    count = int(np.unique(labels[labels > 0]).size)
    return "Objects" if objects else "Labels", str(count)


def _image(provenance: Mapping[str, Any], image: int) -> str:
    told = provenance["images"]
    size = " x ".join(map(str, told[image]["shape"]))
    name = f"{told[image]['name']}, {size}".removeprefix(", ")
    return f"{name} (image {image + 1} of {len(told)})" if len(told) > 1 else name


def _superpixels(made: Any) -> str:
    if not isinstance(made, Mapping):
        return "given as labels"
    values = ", ".join(f"{name}={value!r}" for name, value in made.items() if name != "name")
    return f"{made['name']} ({values})" if values else str(made["name"])
