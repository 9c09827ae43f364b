"""What classes of scribbles are to a method that finds objects like those shown; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["in_words", "refused_of"]

NONE = "none"


def refused_of(count: int, names: Mapping[int, str], said: Mapping[int, bool]) -> set[int]:
    """Return the classes, from 1 to `count`, whose strokes show what is no object.

    `said` has the classes that a person decided on; of the others all but the first and those with
    a name show none.
    """
    return {n for n in range(1, count + 1) if said.get(n, n > 1 and n not in names)}


def in_words(count: int, names: Mapping[int, str], said: Mapping[int, bool]) -> str:
    """Return classes as the parameter `kinds` has them; empty where nothing was said of any."""
    refused = refused_of(count, names, said)
    if not names and refused == set(range(2, count + 1)):
        return ""
    numbers = range(1, count + 1)
    # A comma divides names there.
    called = {n: " ".join(names.get(n, "").replace(",", " ").split()) or str(n) for n in numbers}
    return ", ".join(NONE if n in refused else called[n] for n in numbers)
