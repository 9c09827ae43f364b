"""What installed packages add to this one, by their entry points."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Any, TypeVar

__all__ = ["extended"]

T = TypeVar("T")


def extended(
    ours: Sequence[T], group: str, what: str, problem: Callable[[Any, Sequence[T]], str]
) -> tuple[T, ...]:
    """Return what there is here, and what installed packages declare.

    Parameters
    ----------
    what : str
        What one of them declares, for the warning.
    problem : callable
        Given what is declared and all that is known so far, says why it cannot be used; empty
        where it can.

    Returns
    -------
    tuple
        Ours first.

    Warns
    -----
    UserWarning
        When something cannot be loaded or used: it is left out.
    """
    found = list(ours)
    for point in entry_points(group=group):
        try:
            declared = point.load()
        except Exception as error:  # whatever another package does, ours can be used
            warnings.warn(f"The {what} {point.name} cannot be loaded: {error}", stacklevel=2)
            continue
        if wrong := problem(declared, found):
            warnings.warn(f"The {what} {point.name} is left out: {wrong}.", stacklevel=2)
        else:
            found.append(declared)
    return tuple(found)
