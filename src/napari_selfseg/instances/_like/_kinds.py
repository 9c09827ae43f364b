"""Kinds of objects: which strokes show one, which show none, and how each is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

__all__ = ["NONE", "Kinds"]

# What strokes are called that show what is no object.
NONE: Final = "none"
_MOST: Final = 50


class Kinds(NamedTuple):
    """Names of strokes, the first of those with label 1.

    Attributes
    ----------
    names : tuple of str
        Empty where nothing was drawn or said: then there is one kind.
    """

    names: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> Kinds:
        """Read names between commas, such as ``"nucleus, red cell, none"``.

        A number stands for what has no name.

        Raises
        ------
        ValueError
            When none of them is a kind of object, or there are too many.
        """
        names = [each.strip() for each in text.split(",")] if text.strip() else []
        if names and all(each.lower() == NONE for each in names):
            raise ValueError("must name what objects are called, beside none")
        if len(names) > _MOST:
            raise ValueError(f"may have {_MOST} names at most")
        return cls(tuple(each or str(n) for n, each in enumerate(names, 1)))

    def drawn(self, labels: Sequence[int]) -> Kinds:
        """Add numbers for the strokes that have no name, and drop names without strokes.

        Without any names strokes with label 1 show objects, and all others the background. `labels`
        are those of all strokes, ascending.

        Raises
        ------
        ValueError
            When no stroke shows a kind that has a name.
        """
        if missing := [name for n, name in self.named.items() if n not in labels]:
            raise ValueError(
                f"No stroke shows {missing[0]!r}: draw one in such an object, with the label that "
                "has its place among the kinds, or leave that name out."
            )
        if not self.names:
            return self
        names = dict(enumerate(self.names, 1))
        numbers = range(1, max(len(names), *labels) + 1)
        found = [names.get(n, str(n)) for n in numbers]
        # A number is the name of what was drawn, and of nothing else.
        pairs = zip(numbers, found, strict=True)
        shown = tuple(NONE if n not in labels and name == str(n) else name for n, name in pairs)
        if all(each.lower() == NONE for each in shown):
            raise ValueError("No stroke shows an object: draw one in an object that is wanted.")
        return Kinds(shown)

    def __str__(self) -> str:
        """Return the text that `read` reads."""
        return ", ".join(self.names)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Labels of strokes that show objects, one kind each."""
        shown = (n for n, name in enumerate(self.names, 1) if name.lower() != NONE)
        return tuple(shown) or (1,)

    @property
    def named(self) -> dict[int, str]:
        """Names of kinds by their numbers, of those that have one."""
        if not self.names:
            return {}
        pairs = ((n, self.names[n - 1]) for n in self.numbers)
        return {n: name for n, name in pairs if name != str(n)}
