"""Calls and comments of a script, as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from napari_selfseg.parameters import Parameters

__all__ = ["WIDTH", "bracketed", "call", "comment", "constructed", "home"]

WIDTH = 96


def comment(text: str) -> list[str]:
    # No line break survives, so that no value leaves its comment.
    words, lines = text.split(), ["#"]
    for word in words:
        if len(lines[-1]) + len(word) >= WIDTH and lines[-1] != "#":
            lines.append("#")
        lines[-1] += " " + "".join(c if c.isprintable() else "?" for c in word)
    return lines


def constructed(parameters: Parameters, always: Iterable[str] = ()) -> str:
    values = [
        f"{each.name}={getattr(parameters, each.name)!r}"
        for each in parameters.declared()
        if each.name in always or getattr(parameters, each.name) != each.default
    ]
    if members := getattr(parameters, "members", ()):
        made = [constructed(each, ("seed",)) for each in members]
        values.append(f"members=({', '.join(made)},)")
    module = home(parameters)
    return call(f"{module or 'ss'}.{type(parameters).__name__}", values)


def home(parameters: Parameters) -> str:
    """Return the module of a class that another package adds; empty for one of ours."""
    module = type(parameters).__module__
    return "" if module.split(".")[0] == __name__.split(".")[0] else module


def bracketed(variables: Sequence[str], record: Mapping[str, Any]) -> str:
    return f"[{', '.join(variables)}]" if record.get("several") else variables[0]


def call(function: str, values: Sequence[str]) -> str:
    line = f"{function}({', '.join(values)})"
    if len(line) <= WIDTH:
        return line
    rows = "".join(f"    {value},\n" for value in values)
    return f"{function}(\n{rows})"
