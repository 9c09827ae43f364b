"""What a legend says of labels: a line for each of the largest, or for each class; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.model.looks.counting import Counted
from napari_selfseg.widgets.model.sizes import Scale

__all__ = ["Legend", "Row", "groups_of", "legend"]

ONE: Final = {"classes": "class", "pieces": "piece", "segments": "segment", "objects": "object"}
MANY: Final = {"classes": "classes"}
# What has names of its own has a line each; of the others the largest are enough.
MOST: Final = {"classes": 50}
TOP: Final = 12
NONE: Final = "No label yet."


class Row(NamedTuple):
    """A line of a legend.

    Attributes
    ----------
    number : int
        Of a label, or of a class of objects.
    name : str
        What somebody called it; empty for nothing.
    many : int
        Objects of a class; 1 for a label.
    share : float
        Of what is labelled, or of the whole image for objects.
    area : str
        The same in the unit of the image.
    first : int
        The largest label of it, which has its colour and its place.
    """

    number: int
    name: str
    many: int
    share: float
    area: str
    first: int


@dataclass(frozen=True)
class Legend:
    """The lines of a legend, and sentences around them.

    Attributes
    ----------
    head : str
        A sentence about all labels.
    rows : tuple of Row
        The largest first.
    rest : str
        What has no line; empty for nothing.
    grouped : bool
        Whether lines are classes of objects.
    """

    head: str
    rows: tuple[Row, ...] = ()
    rest: str = ""
    grouped: bool = False


def legend(
    found: Counted,
    kind: str,
    scale: Scale,
    names: Mapping[int, str],
    groups: Mapping[int, int] | None = None,
    where: str = "",
) -> Legend:
    """Make a legend of labels by size.

    Parameters
    ----------
    kind : {"classes", "pieces", "segments", "objects", "labels"}
        What they are.
    names : mapping of int to str
        Of labels; of classes where there are groups.
    groups : mapping of int to int, optional
        Class of each object that has one.
    where : str
        What was counted where it is not all.
    """
    if not len(found.numbers):
        return Legend(NONE)
    rows = _of_groups(found, groups, scale, names, kind) if groups else None
    lines = rows if rows is not None else _of_labels(found, scale, names, kind)
    most = MOST.get(kind, TOP)
    # A sentence about a single one takes as much room as its line.
    most += len(lines) == most + 1
    rest = lines[most:]
    said = _rest(most, rest) if rest else ""
    head = _head(found, kind, scale, where)
    return Legend(head, tuple(lines[:most]), said, grouped=rows is not None)


def groups_of(features: Any) -> dict[int, int]:
    """Return the class of each object from the table of a layer; empty where it has none."""
    if not {"index", "class"} <= set(features.columns):
        return {}
    pairs = zip(features["index"], features["class"], strict=True)
    return {int(number): int(one) for number, one in pairs if one == one and int(one) > 0}


def _of_labels(found: Counted, scale: Scale, names: Mapping[int, str], kind: str) -> list[Row]:
    total = _total(found, kind)
    pairs = zip(found.numbers.tolist(), found.pixels.tolist(), strict=True)
    return [
        Row(number, names.get(number, ""), 1, n / total, scale.words(n), number)
        for number, n in pairs
    ]


def _of_groups(
    found: Counted, groups: Mapping[int, int], scale: Scale, names: Mapping[int, str], kind: str
) -> list[Row]:
    """Return a line for each class of objects, and one for those without."""
    classes = np.array([groups.get(number, 0) for number in found.numbers.tolist()])
    total = _total(found, kind)
    rows = [_group(found, classes, one, total, scale, names) for one in np.unique(classes)]
    return sorted(rows, key=lambda row: (row.number == 0, -row.share))


def _group(
    found: Counted,
    classes: NDArray[Any],
    one: int,
    total: int,
    scale: Scale,
    names: Mapping[int, str],
) -> Row:
    of = classes == one
    n = int(found.pixels[of].sum())
    first = int(found.numbers[of][0])
    name = names.get(int(one), "") if one else "without a class"
    return Row(int(one), name, int(of.sum()), n / total, scale.words(n), first)


def _total(found: Counted, kind: str) -> int:
    """Return what shares are of: background is part of an image of objects, no data of none."""
    return found.labelled + (found.background if kind in ("objects", "labels") else 0)


def _rest(most: int, left: Sequence[Row]) -> str:
    """Say that the lines above are not all, which a list with a bar to scroll does not."""
    share = 100 * sum(each.share for each in left)
    others = f"{_grouped(len(left))} others have {share:.3g}\u00a0%"
    return f"The {_grouped(most)} largest; {others}."


def _head(found: Counted, kind: str, scale: Scale, where: str) -> str:
    n = len(found.numbers)
    one = ONE.get(kind, "label")
    words = f"{_grouped(n)} {one if n == 1 else MANY.get(kind, one + 's')}{where}"
    if kind != "objects":
        return f"{words}."
    share = 100 * found.labelled / _total(found, kind)
    median = scale.words(float(np.median(found.pixels)))
    return f"{words} on {share:.3g} % of the image, median {median}."


def _grouped(n: int) -> str:
    return f"{n:,}".replace(",", "\u00a0")
