"""``napari-selfseg methods``: a table of methods, superpixels and their parameters."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from napari_selfseg.cli._options._common import Commands

if TYPE_CHECKING:
    from napari_selfseg.parameters import Parameter, Parameters

__all__ = ["add"]

WIDEST = 110


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command."""
    parser = commands.add_parser("methods", help="list methods, superpixels and their parameters")
    parser.set_defaults(command=_run)


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.catalogue import default_method, known_methods, known_superpixels
    from napari_selfseg.io import ContourMap

    default = default_method().name
    for method in known_methods():
        mark = " (default)" if method.name == default else ""
        print(f"{method.name}{mark}: {method.title}. {method.citation}, doi:{method.doi}")
        print(*_table(method), sep="\n", end="\n\n")
    for algorithm in known_superpixels():
        planes = "planes and volumes" if 3 in algorithm.ndims else "planes"
        print(f"{algorithm.name}: superpixels, {algorithm.title}, for {planes}")
        print(*_table(algorithm), sep="\n", end="\n\n")
    print(f"{ContourMap.name}: superpixels, {ContourMap.title}, for planes and volumes")
    print(*_table(ContourMap), sep="\n", end="\n\n")
    return 0


def _table(kind: type[Parameters]) -> Iterator[str]:
    width = min(shutil.get_terminal_size().columns, WIDEST)
    declared = kind.declared()
    name = max((len(each.name) for each in declared), default=0) + 2
    values = [_values(each) for each in declared]
    left = name + max(map(len, values), default=0) + 4
    for each, value in zip(declared, values, strict=True):
        head = f"  {each.name:<{name}}{value}".ljust(left)
        help_lines = textwrap.wrap(each.help, max(width - left, 30)) or [""]
        yield head + help_lines[0]
        yield from (" " * left + line for line in help_lines[1:])


def _values(each: Parameter) -> str:
    default = f"{each.default}"
    if each.choices:
        return f"{default} of {', '.join(each.choices)}"
    if each.minimum is None and each.maximum is None:
        return default
    low = "" if each.minimum is None else f"{each.minimum:g}"
    high = "" if each.maximum is None else f"{each.maximum:g}"
    return f"{default} in {low}..{high}"
