"""The table of a labels layer that follows its corrections; no Qt and no napari here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, Protocol

import numpy as np

__all__ = ["OWN", "Told", "followed"]

# Columns of a table that nobody has measured.
SUMMED: Final = "pixels (all planes)"
OWN: Final = frozenset({"index", "class", "name", "pixels", SUMMED, "certainty"})


class Told(Protocol):
    """What is known of objects."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """The objects there are."""

    @property
    def classes(self) -> dict[int, int]:
        """Class by object, of those that have one."""

    def size(self, number: int) -> int:
        """Return the pixels of an object."""


def followed(
    features: Any,
    objects: Told,
    names: Mapping[int, str],
    certainty: Mapping[int, float],
    changed: Collection[int],
    *,
    planes: bool = False,
) -> Any:
    """Return a table with a row for every object there is.

    `features` is the table before, perhaps without columns; what was measured of the objects in
    `changed` is out of date, and left out. With `planes` sizes are sums over several images.

    Returns
    -------
    pandas.DataFrame
        ``index`` first, then ``class`` (0 for none), ``name`` where classes have some, ``pixels``,
        ``certainty`` where it is known, and what was measured.
    """
    table = type(features)
    numbers = list(objects.numbers)
    before = features.set_index("index") if "index" in features else table(index=[])
    measured = [each for each in before.columns if each not in OWN]
    rest = before[measured].reindex(numbers)
    if measured:
        rest.loc[rest.index.isin(list(changed)), measured] = np.nan
    known = objects.classes
    classes = [known.get(number, 0) for number in numbers]
    head: dict[str, Any] = {"index": numbers, "class": classes}
    if names:
        head["name"] = [names.get(one, "") for one in classes]
    head[SUMMED if planes else "pixels"] = [objects.size(number) for number in numbers]
    if certainty:
        head["certainty"] = [certainty.get(number, np.nan) for number in numbers]
    return table(head).join(rest.reset_index(drop=True))
