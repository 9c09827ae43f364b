"""The pages of a TIFF form a chain: it has to end."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from napari_selfseg.io._pixels._image_file import UnsuitableError

__all__ = ["check_chain"]


class _Layout(NamedTuple):
    """How numbers are written: of the first page, of how many tags, and of the next page."""

    order: str
    offset: str
    counter: str
    tag: int
    first: int


CLASSIC = (42, "I", "H", 12, 4)
BIG = (43, "Q", "Q", 20, 8)


def check_chain(file: Path) -> None:
    """Refuse a TIFF whose pages lead back to one before: a reader would follow them for ever.

    What is no TIFF is left to its reader.
    """
    size = file.stat().st_size
    with file.open("rb") as opened:
        layout = _layout(opened.read(8))
        if layout is None:
            return
        at, seen = _number(opened, layout, layout.offset, layout.first), set[int]()
        while 0 < at < size:
            if at in seen:
                raise UnsuitableError(f"{file.name} is damaged: its pages go round in a circle.")
            seen.add(at)
            count = _number(opened, layout, layout.counter, at)
            step = struct.calcsize(f"{layout.order}{layout.counter}") + count * layout.tag
            at = _number(opened, layout, layout.offset, at + step)


def _layout(head: bytes) -> _Layout | None:
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        return None
    version = struct.unpack(f"{order}H", head[2:4])[0]
    known = {each[0]: each[1:] for each in (CLASSIC, BIG)}
    return _Layout(order, *known[version]) if version in known else None


def _number(opened: BinaryIO, layout: _Layout, kind: str, at: int) -> int:
    """Read a number; 0, the end of the chain, where the file ends before it."""
    try:
        opened.seek(at, os.SEEK_SET)
    except (OSError, OverflowError):
        return 0
    data = opened.read(struct.calcsize(f"{layout.order}{kind}"))
    try:
        return int(struct.unpack(f"{layout.order}{kind}", data)[0])
    except struct.error:
        return 0
