"""Classes that other packages declare: what one has to be, so that it can be chosen by its name."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache, partial
from typing import Any, Final, TypeVar

from napari_selfseg.extensions import extended
from napari_selfseg.parameters import Parameters

__all__ = ["with_declared"]

# Names that mean something else where superpixels are named.
TAKEN: Final = ("contour_map", "given")

P = TypeVar("P", bound=Parameters)


@cache
def with_declared(
    ours: tuple[type[P], ...], group: str, what: str, base: type[P]
) -> tuple[type[P], ...]:
    """Return classes of this package, and those that installed packages declare.

    Parameters
    ----------
    what : str
        What one of them is, for warnings.
    base : type
        What they are derived from.

    Warns
    -----
    UserWarning
        When what a package declares cannot be used: it is left out.
    """
    return extended(ours, group, what, partial(_problem, base))


def _problem(base: type[Parameters], declared: Any, known: Sequence[type[Parameters]]) -> str:
    """Say why a class cannot be chosen by its name; empty where it can."""
    if not (inspect.isclass(declared) and issubclass(declared, base)):
        return f"{declared!r} is no class derived from {base.__name__}"
    unset = [each for each in sorted(declared.__class_vars__) if not hasattr(declared, each)]
    if missing := [*sorted(declared.__abstractmethods__), *unset]:
        return f"{declared.__name__} does not define {', '.join(missing)}"
    if required := [name for name, each in declared.model_fields.items() if each.is_required()]:
        return f"{', '.join(required)} of {declared.__name__} has no default"
    # Scripts and worker processes import it by that name.
    if "." in declared.__qualname__:
        return f"{declared.__qualname__} is not at the top of its module"
    if not declared.name.isidentifier() or declared.name in TAKEN:
        return f"{declared.name!r} is no name for it: take letters, digits and underscores"
    for each in known:
        if each.name == declared.name or each.title == declared.title:
            return f"{each.__module__} has the name {each.name} and the title {each.title}"
    return ""
