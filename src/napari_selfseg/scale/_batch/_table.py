"""The table of a batch: what is done, what failed and why, and what is left."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from napari_selfseg.io import atomic_file

__all__ = ["Entry", "State", "in_words", "table_of", "write_table"]

# Lines that a notebook shows.
SHOWN: Final = 20
State = Literal["left", "done", "failed"]


@dataclass(frozen=True)
class Entry:
    """A line of the table: an image and what became of it.

    Attributes
    ----------
    image : str
        Its file, or the name of an image in memory.
    target : pathlib.Path
        The file of its labels.
    state : {"left", "done", "failed"}
        An image whose work was ended before its end is left.
    error : str
        Why it failed, or which planes of a stack that is done did, in a sentence; else empty.
    labels : int
        How many there are; 0 where there are none.
    seconds : float
        What it took.
    before : bool
        Whether an earlier batch had made them.
    """

    image: str
    target: Path
    state: State = "left"
    error: str = ""
    labels: int = 0
    seconds: float = 0.0
    before: bool = False


def write_table(entries: Sequence[Entry], path: Path) -> None:
    """Write the table as CSV, whole or not at all; labels in its folder by relative paths.

    Raises
    ------
    OSError
        When it cannot be written; an older one stays.
    """
    with atomic_file(path) as part, part.open("w", newline="", encoding="utf-8") as opened:
        lines = csv.writer(opened)
        lines.writerow(("image", "labels_file", "state", "labels", "seconds", "error"))
        for each in entries:
            inside = each.target.is_relative_to(path.parent)
            target = each.target.relative_to(path.parent) if inside else each.target.absolute()
            count, seconds = each.labels or "", f"{each.seconds:.1f}" if each.seconds else ""
            lines.writerow((each.image, target.as_posix(), each.state, count, seconds, each.error))


def table_of(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """Return the table as a notebook shows it: a head, and the images that are done or failed.

    Of many the last ones are shown, and a last line says how many are not.
    """
    ended = [each for each in entries if each.state != "left"]
    lines: list[tuple[str, ...]] = [("Image", "State", "Labels", "Seconds", "Why")]
    for each in ended[-SHOWN:]:
        seconds = f"{each.seconds:.1f}" if each.seconds else ""
        lines.append((each.image, each.state, str(each.labels or ""), seconds, each.error))
    if len(ended) > SHOWN:
        lines.append((f"and {len(ended) - SHOWN} before them",))
    return lines if ended else []


def in_words(entries: Sequence[Entry]) -> str:
    """Say how many are done, failed and left, such as ``"25 of 30 done, 5 failed"``."""
    states = [each.state for each in entries]
    parts = [f"{states.count('done')} of {len(states)} done"]
    parts += [f"{n} {state}" for state in ("failed", "left") if (n := states.count(state))]
    if partly := sum(each.state == "done" and bool(each.error) for each in entries):
        parts.append(f"{partly} not in all planes")
    return ", ".join(parts)
