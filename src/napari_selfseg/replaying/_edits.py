"""Corrections of a record as the Python that makes them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from napari_selfseg.editing import Edit
from napari_selfseg.replaying._calls import call
from napari_selfseg.replaying._given import axes as axes_of
from napari_selfseg.replaying._given import given, numbered
from napari_selfseg.replaying._reading import literal, variables

__all__ = ["edited"]


def edited(record: Mapping[str, Any], axes: Sequence[int] = ()) -> str:
    """Write that the labels are corrected as a person did."""
    edits = [Edit.of(each) for each in record.get("edits") or ()]
    if not edits:
        return ""
    rows = "".join(f"    {_written(each)},\n" for each in edits)
    values = ["labels", "edits", f"image={variables(record)[0]}", *_mask(record), *axes_of(record)]
    if axes:
        values.append(f"axes={literal(list(axes))}")
    lines = [f"# What was corrected by hand, in this order.\nedits = [\n{rows}]"]
    return "\n".join([*lines, call("labels, classes = ss.apply_edits", values)]) + "\n"


def _written(edit: Edit) -> str:
    """Write an edit, which holds checked values alone."""
    pairs = (f"{key!r}: {literal(value)}" for key, value in edit.as_record().items())
    return f"{{{', '.join(pairs)}}}"


def _mask(record: Mapping[str, Any]) -> list[str]:
    """Write the mask, where the script has one."""
    if "stack" in record:
        return ["mask=mask"] if record["mask"] is not None else []
    masks = list(zip(numbered("mask", record), given(record, "mask"), strict=True))[:1]
    return [f"mask={variable}" for variable, array in masks if array is not None]
