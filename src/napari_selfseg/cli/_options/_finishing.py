"""Labels finished as objects: `--as objects`, and what the objects are to be."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from napari_selfseg.cli._options._common import Parser, values_of

if TYPE_CHECKING:
    from napari_selfseg.parameters import Parameter
    from napari_selfseg.protocol import Finish, Method

__all__ = ["AS", "add_as", "add_finish", "finish_from", "method_from"]

# Where the choice is kept; a word of Python, so it is read with getattr.
AS: Final = "as"
OBJECTS: Final = "objects"
SIZES: Final = ("smallest", "largest")


def add_as(parser: Parser, help: str) -> None:
    """Add the choice between segments and objects; `help` says what it does there."""
    parser.add_argument("--as", choices=("segments", OBJECTS), default=None, help=help)


def add_finish(parser: Parser, declared: Sequence[Parameter] = ()) -> None:
    """Add what objects are to be, but for flags that a method declares as well."""
    from napari_selfseg.instances import AsObjects

    group = parser.add_argument_group("objects (with --as objects)")
    taken = {each.flag for each in declared}
    for each in AsObjects.declared():
        if each.flag in taken:
            continue
        options: dict[str, Any] = {"default": argparse.SUPPRESS, "help": each.help}
        if each.type is bool:
            options["action"] = argparse.BooleanOptionalAction
        else:
            options["metavar"] = "SIZE" if each.name in SIZES else each.name.upper()
        group.add_argument(each.flag, **options)


def method_from(args: argparse.Namespace) -> Method:
    """Return the method with the parameters that were given, but for those of objects."""
    own = values_of(args, args.kind.declared())
    mine = {name: value for name, value in own.items() if name not in _of_objects(args)}
    return cast("Method", args.kind(**mine))


def finish_from(args: argparse.Namespace) -> Finish | None:
    """Return what labels are to become; None where they are left, or are objects already.

    Flags of objects that nobody asked for, and values that cannot be used, raise ValueError.
    """
    from napari_selfseg.instances import AsObjects

    given = _of_objects(args)
    if _finds_objects(args):
        return AsObjects(**given) if given else None
    if getattr(args, AS) == OBJECTS:
        return AsObjects(**given)
    kind = getattr(args, "kind", None)
    known = {each.name for each in kind.declared()} if kind else set()
    for each in AsObjects.declared():
        if each.name not in known and hasattr(args, each.name):
            raise ValueError(f"{each.flag} is of objects: give --as objects as well.")
    return None


def _of_objects(args: argparse.Namespace) -> dict[str, Any]:
    """Return what is said of objects, and not to a method that finds them itself."""
    from napari_selfseg.instances import AsObjects

    values = values_of(args, AsObjects.declared())
    if _finds_objects(args):
        # That method counts pixels: sizes in a unit are limits of what it has found.
        return {name: values[name] for name in SIZES if _in_a_unit(values.get(name))}
    return values if getattr(args, AS, None) == OBJECTS else {}


def _finds_objects(args: argparse.Namespace) -> bool:
    kind = getattr(args, "kind", None)
    return kind is not None and kind.instances


def _in_a_unit(value: Any) -> bool:
    from napari_selfseg.instances import as_size

    if value is None:
        return False
    try:
        return isinstance(as_size(value), str)
    except ValueError:
        # The method says what is wrong with it.
        return any(letter.isalpha() for letter in str(value))
