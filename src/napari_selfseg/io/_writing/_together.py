"""The results of one command are written together or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from napari_selfseg.io._writing._disk import refusal
from napari_selfseg.io._writing._owner import part_prefix

__all__ = ["written_together"]


@contextlib.contextmanager
def written_together(*paths: str | os.PathLike[str], size: int = 0) -> Iterator[list[Path]]:
    """Give a place for each of several files, all renamed once the block is left without error.

    They are renamed in the order given: name last what the others belong to, the labels. Where it
    is, all are.

    Parameters
    ----------
    *paths : path_like
        Files and folders to come; older ones stay as they are until all new ones are whole.
    size : int
        Bytes that they take at most, for the message where they find no room; 0 where nobody
        knows.

    Yields
    ------
    list of pathlib.Path
        Where to write each, under its own name.

    Raises
    ------
    OSError
        When one cannot be written; nothing is left behind.
    """
    targets = [Path(path) for path in paths]
    rooms: list[Path] = []
    try:
        for target in targets:
            rooms.append(_room(target))
        yield [room / target.name for room, target in zip(rooms, targets, strict=True)]
        _put(rooms, targets)
    except OSError as error:
        _clear(rooms)
        raise refusal(targets[-1], error, size) from error
    finally:
        _clear(rooms)


def _clear(rooms: list[Path]) -> None:
    for room in rooms:
        shutil.rmtree(room, ignore_errors=True)


def _room(target: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=part_prefix(target), suffix=".part", dir=target.parent))


def _put(rooms: list[Path], targets: list[Path]) -> None:
    """Rename all; where one cannot be, put the others back."""
    pairs = list(zip(rooms, targets, strict=True))
    for room, target in pairs:
        (room / target.name).lstat()  # nothing is moved where one was not written
    try:
        for room, target in pairs:
            _keep(target, room / "older")
            (room / target.name).replace(target)
    except BaseException:  # an interrupt too, at any line
        for room, target in reversed(pairs):
            _put_back(room, target)
        raise


def _keep(target: Path, older: Path) -> None:
    """Keep what is there under another name; of a file a second name, so that it is never away."""
    if target.is_dir():
        target.rename(older)
    elif target.exists():
        try:
            older.hardlink_to(target)
        except OSError:  # not every disk knows second names
            target.rename(older)


def _put_back(room: Path, target: Path) -> None:
    older, new = room / "older", room / target.name
    with contextlib.suppress(OSError):
        if not new.exists():
            target.replace(new)
        if older.exists():
            older.replace(target)
