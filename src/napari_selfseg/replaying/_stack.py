"""The record of a stack as the Python that goes along it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_selfseg.replaying._reading import literal

__all__ = ["check_stack", "given_arrays", "stack_options"]

GIVEN = """\
# The {what} of this stack is an array that is not in the record: load it here.
{what} = None
if {what} is None:
    raise ValueError("Load the {what} this stack was given, and assign it to {what}.")
"""
TOLD = ("carry", "axis", "iterations", "planes_fitted")


def check_stack(record: Mapping[str, Any]) -> None:
    """Refuse a stack that cannot be made again, as it was stopped or resumed."""
    if record["stack"]["resumed"]:
        raise ValueError("This stack was stopped and resumed: its record does not know all of it.")
    if record["stop"] is None or record["stop"]["kind"] != "finished":
        raise ValueError("This stack was not finished, so no script makes it again: run it whole.")


def given_arrays(record: Mapping[str, Any]) -> str:
    """Write a place for each array that the record knows by its fingerprint alone."""
    return "\n".join(GIVEN.format(what=what) for what in _named(record))


def stack_options(record: Mapping[str, Any]) -> list[str]:
    """Write how the stack was gone along, as keyword arguments."""
    told = record["stack"]
    values = [f"{key}={literal(told[key])}" for key in TOLD if told[key] is not None]
    values += [f"{what}={what}" for what in _named(record)]
    return [*values, "viewed=lambda: next(views)"]


def _named(record: Mapping[str, Any]) -> list[str]:
    found = {"mask": record["mask"], "superpixels": record["superpixels"]}
    return [what for what, each in found.items() if each is not None and "sha256" in each]
