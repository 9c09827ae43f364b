"""The flags of commands that work tile by tile."""

from __future__ import annotations

import argparse
import re

from napari_selfseg.cli._options._common import Parser
from napari_selfseg.cli._options._numbers import whole

__all__ = ["add_memory", "add_scheduler", "add_tile_options", "in_tiles", "size_of"]

# Flags that say nothing of an image done as a whole, and what they are when not given.
ONLY_THERE = {
    "votes": None,
    "connected": None,
    "samples": None,
    "sample_size": None,
    "scheduler": "serial",
    "resume": False,
}
# More bytes than this no machine counts.
LARGEST = 2**63


def add_tile_options(parser: Parser, *, learning: bool = True, running: bool = True) -> None:
    """Add how an image is cut into tiles, learned from (`learning`), and worked on (`running`)."""
    group = parser.add_argument_group("large images")
    add_memory(group, "work tile by tile, and let no process take more")
    group.add_argument("--tile", type=whole(1), metavar="N", help="side of a tile in pixels")
    group.add_argument(
        "--votes",
        metavar="LABELS",
        help="superpixels of the whole image in a file; each gets one label, also across tiles",
    )
    group.add_argument(
        "--connected",
        type=whole(0),
        metavar="N",
        help="number connected objects of at least N pixels, across tiles, in place of classes",
    )
    if learning:
        group.add_argument(
            "--samples", type=whole(1), metavar="N", help="learned from (4, of objects 8)"
        )
        size = "side of a sample in pixels (256, of objects 512)"
        group.add_argument("--sample-size", type=whole(1), metavar="N", help=size)
    if running:
        add_scheduler(group)
        again = "go on with the tiles that are left, as they were planned"
        group.add_argument("--resume", action="store_true", help=again)


def in_tiles(args: argparse.Namespace) -> bool:
    """Say whether the flags ask for work tile by tile; refuse flags that only count there."""
    if args.memory is not None or args.tile is not None:
        return True
    for name, default in ONLY_THERE.items():
        if getattr(args, name, default) != default:
            flag = "--" + name.replace("_", "-")
            raise ValueError(f"{flag} is for work tile by tile: add --memory 2GB, or leave it out.")
    return False


def add_memory(group: argparse._ActionsContainer, what: str) -> None:
    """Add how much memory may be taken."""
    group.add_argument("--memory", type=size_of, metavar="SIZE", help=f"such as 2GB: {what}")


def add_scheduler(group: argparse._ActionsContainer) -> None:
    """Add where tiles are done."""
    group.add_argument(
        "--scheduler",
        default="serial",
        metavar="WHERE",
        help="serial, processes:N, or the address of a dask scheduler such as tcp://10.0.0.1:8786",
    )


def size_of(text: str) -> int:
    """Read a number of bytes such as ``"2GB"``, ``"500 MB"`` or ``"1.5GiB"``."""
    found = re.fullmatch(r"\s*(\d{1,18}(?:\.\d+)?)\s*([kmgt]?)(i?)(b?)\s*", text, re.IGNORECASE)
    power = " KMGT".index(found[2].upper() or " ") if found else 0
    size = int(float(found[1]) * (1024 if found[3] else 1000) ** power) if found else 0
    if not 0 < size < LARGEST:
        raise argparse.ArgumentTypeError(f"takes a size such as 2GB or 500MB, not {text!r}")
    return size
