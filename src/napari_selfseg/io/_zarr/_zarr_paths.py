"""Images inside of a zarr that is none itself: plates, wells, series, data sets, groups."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zarr

__all__ = ["inside_zarr", "is_image_group", "is_zarr", "named", "nodes_below", "ome_metadata"]

METADATA = ("zarr.json", ".zgroup", ".zarray")
DEEPEST, MOST = 6, 2000


def is_zarr(path: Path) -> bool:
    """Say whether a path is that of a zarr array or group, whatever its name."""
    return any((path / name).is_file() for name in METADATA)


def inside_zarr(path: Path) -> bool:
    """Say whether a path is that of a zarr folder, or of something in one."""
    return path.is_dir() and (is_zarr(path) or any(map(_is_ending, path.absolute().parts)))


def named(folder: Path) -> str:
    """Return the part of a path from the name of the zarr on, for messages.

    ``data/plate.zarr/A/1`` is ``plate.zarr/A/1``.
    """
    parts = folder.absolute().parts
    start = next((k for k, part in enumerate(parts) if _is_ending(part)), len(parts) - 1)
    return "/".join(parts[start:]) or str(folder)


def nodes_below(folder: Path) -> Iterator[tuple[Path, Any]]:
    """Yield path and node of what may be an image below a group, without reading pixels.

    These are arrays, and groups with OME-Zarr metadata of an image, in the order of their names
    (numbers as numbers).
    """
    for path, node in itertools.islice(_below(folder, DEEPEST), MOST):
        if _is_leaf(node):
            yield path, node


def is_image_group(group: zarr.Group) -> bool:
    """Say whether a group has OME-Zarr metadata of an image."""
    return "multiscales" in group.attrs or "multiscales" in ome_metadata(group)


def ome_metadata(group: zarr.Group) -> dict[str, Any]:
    """Return the OME-Zarr metadata of a group, from the place where its version keeps them."""
    attributes: dict[str, Any] = group.attrs.asdict()
    newer = attributes.get("ome")
    return newer if isinstance(newer, dict) else attributes


def _below(folder: Path, depth: int) -> Iterator[tuple[Path, Any]]:
    """Go down, but not into arrays and images."""
    inside = (each for each in folder.iterdir() if each.is_dir() and each.name[:1] != ".")
    for path in sorted(inside, key=_order):
        node = _opened(path)
        yield path, node
        if depth and not _is_leaf(node):
            yield from _below(path, depth - 1)


def _is_leaf(node: Any) -> bool:
    return isinstance(node, zarr.Array) or (isinstance(node, zarr.Group) and is_image_group(node))


def _order(path: Path) -> tuple[bool, int, str]:
    number = path.name.isdecimal()
    return not number, int(path.name) if number else 0, path.name


def _opened(path: Path) -> Any:
    if not is_zarr(path):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of types that few libraries read
            return zarr.open(str(path), mode="r")
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_ending(part: str) -> bool:
    return part.lower().endswith(".zarr")
