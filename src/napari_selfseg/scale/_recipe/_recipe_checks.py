"""What does not go together in a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from napari_selfseg.protocol import check_precision
from napari_selfseg.scale._planes._over_stack import check_carry

__all__ = ["check_recipe", "is_whole"]

ALONG: Final = ("axis", "stack_iterations", "planes_fitted")


def check_recipe(values: Mapping[str, Any]) -> None:
    """Refuse values, by attribute of a recipe, that do not go together."""
    model, segments = values["model"], values["segments"]
    if (values["method"] is None) == (not model):
        raise ValueError("A recipe needs a method to train or a model to apply, one of them.")
    check_precision(values["precision"])
    if not (segments is None or segments == "auto" or is_whole(segments, 1)):
        raise ValueError("The number of segments is a number from 1 on, or auto.")
    if values["connected"] not in (True, False):
        raise ValueError("Whether objects are connected is true or false.")
    if not is_whole(values["minimum_size"], 0):
        raise ValueError("The smallest size of an object is a number of pixels from 0 on.")
    if model and segments is not None:
        raise ValueError("A model has no iterations to cut into segments: leave them out.")
    if values["finish"] is not None and (values["connected"] or values["minimum_size"]):
        raise ValueError(
            "Labels are finished as objects, or their connected pieces numbered and small ones "
            "merged: choose one of them."
        )
    _check_channels(values["channels"])
    _check_stack(values)


def _check_channels(channels: object) -> None:
    if not isinstance(channels, tuple) or not all(
        isinstance(each, str) and each.strip() for each in channels
    ):
        raise ValueError("Channels are a list of names or numbers, such as DAPI or 2.")


def is_whole(value: object, least: int) -> bool:
    """Say whether a value is a whole number, no smaller than another."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _check_stack(values: Mapping[str, Any]) -> None:
    carry = values["carry"]
    if carry is None:
        for name in ALONG:
            if values[name] is not None:
                what = name.replace("_", " ")
                raise ValueError(f"The {what} is for stacks that are gone along: choose a carry.")
        return
    if values["model"]:
        raise ValueError("A model gives all planes the same classes: leave out carry.")
    if values["segments"] is not None:
        raise ValueError("Segments are cut in one image, not along a stack: leave out one of them.")
    axis = values["axis"]
    if axis is not None and not (isinstance(axis, str) and axis.strip()):
        raise ValueError(f"There is no axis {axis!r}: give a name such as z, or leave it out.")
    for name in ALONG[1:]:
        if values[name] is not None and not is_whole(values[name], 1):
            raise ValueError(f"The {name.replace('_', ' ')} are a number from 1 on.")
    check_carry(carry, values["stack_iterations"], values["planes_fitted"])
