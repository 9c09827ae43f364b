"""A table of what is shown in a labels layer; no Qt here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TextIO

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.objects import object_features, with_class_names
from napari_selfseg.widgets.model.image_source import read
from napari_selfseg.widgets.model.request import Request

__all__ = [
    "INDEX",
    "LABEL",
    "channel_names",
    "csv_file",
    "measured",
    "save_table",
    "unit_of",
    "with_classes",
]

INDEX: Final = "index"
# What tables that a person reads call it.
LABEL: Final = "label"


def measured(
    labels: NDArray[Any],
    classes: NDArray[Any] | None,
    request: Request,
    spacing: Sequence[float],
    unit: str,
    names: Mapping[int, str],
) -> dict[str, NDArray[Any]]:
    """Measure every label; slow for many, so call it in a worker thread.

    `labels` are objects, or the classes themselves; `classes` is None for objects, which have none;
    `names` are of classes, for the column ``name``.
    """
    channels = request.channels
    table = object_features(
        labels,
        read(request.picture, request.index),
        channel_axis=-1 if channels else None,
        spacing=spacing,
        unit=unit,
        classes=classes,
        channel_names=channel_names(request),
    )
    return with_class_names(table, names)


def channel_names(request: Request) -> list[str] | None:
    """Return what columns of channels are called; None where they have no names."""
    if request.picture.rgb:
        return ["red", "green", "blue"]
    return list(request.picture.names) if request.channels else None


def unit_of(layer: Any) -> str:
    """Return the unit of a layer's last axis as one writes it, such as ``"µm"``."""
    unit = layer.units[-1]
    return "pixel" if str(unit) == "pixel" else f"{unit:~P}"


def save_table(table: Any, path: str) -> None:
    """Write a table (a data frame) as CSV; what is raised is as of `csv_file`."""
    with csv_file(path) as file:
        table.rename(columns={INDEX: LABEL}).to_csv(file, index=False)


def with_classes(
    columns: Mapping[str, NDArray[Any]], classes: Mapping[int, int], names: Mapping[int, str]
) -> dict[str, NDArray[Any]]:
    """Return a table with the class of each object, and names of classes, behind its number.

    Without `classes` labels are classes themselves.
    """
    numbers = columns[INDEX]
    more: dict[str, NDArray[Any]] = {}
    if classes:
        more["class"] = np.array([classes.get(int(each), 0) for each in numbers], np.int64)
    if names:
        called = [names.get(int(each), "") for each in more.get("class", numbers)]
        more["name"] = np.array(called, dtype=object)
    head = list(columns)[: list(columns).index(INDEX) + 1]
    return {**{name: columns[name] for name in head}, **more, **columns}


@contextmanager
def csv_file(path: str) -> Iterator[TextIO]:
    """Open a CSV file to write, whole or not at all.

    Raises
    ------
    ValueError
        When the ending is another one.
    OSError
        When the file cannot be written.
    """
    from napari_selfseg.io import atomic_file, check_target

    target = check_target(path, (".csv",))
    # With the mark at its beginning spreadsheets read names and units in any script as they are.
    with atomic_file(target) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        yield file
