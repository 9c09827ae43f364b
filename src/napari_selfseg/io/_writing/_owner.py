"""Who made a temporary file, told by its name, and whether that process is still there."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import time
import zlib
from pathlib import Path
from typing import Final

import psutil

__all__ = ["OLD", "is_abandoned", "owner_mark", "part_prefix", "sweep"]

# Seconds after which a temporary file of another machine counts as left behind.
OLD: Final = 24 * 3600
# Bytes of a name that its temporary one keeps: names have an end.
KEPT: Final = 100
# The start of a process is told to the second, and clocks are adjusted.
CLOSE: Final = 5
MARK: Final = re.compile(r"-([0-9a-f]{8})-([0-9a-f]+)-([0-9a-f]+)-\w+(?:\.part)?$")


def owner_mark() -> str:
    """Return a word for this machine, this process and when it began; part of a file's name."""
    pid = os.getpid()
    return f"{_machine()}-{pid:x}-{int(psutil.Process(pid).create_time()):x}"


def part_prefix(target: Path) -> str:
    """Return how the temporary name of a file begins, which ends in ``.part``."""
    kept = os.fsencode(target.stem)[:KEPT].decode(errors="ignore")
    return f".{kept}-{owner_mark()}-"


def is_abandoned(path: Path, *, elsewhere: bool = True) -> bool:
    """Say whether the process is gone that made a temporary file or folder.

    Its name has an `owner_mark` near the end. False where nobody can tell: of another machine it is
    said, if `elsewhere`, only `OLD` seconds after anything was written last.
    """
    found = MARK.search(path.name)
    if found is None:
        return False
    if found[1] == _machine():
        return not _is_alive(int(found[2], 16), int(found[3], 16))
    with contextlib.suppress(OSError):
        return elsewhere and time.time() - _written(path) > OLD
    return False


def _written(path: Path) -> float:
    """Return when something was written last, in a folder at any depth."""
    return max(each.stat().st_mtime for each in (path, *path.rglob("*")))


def sweep(folder: Path) -> None:
    """Remove what processes that are gone have left of files they were writing.

    `folder` may be missing. A folder that was killed while it took the place of an older one is put
    in that place.
    """
    with contextlib.suppress(OSError):
        names = os.listdir(folder)
        parts = [folder / each for each in names if each.startswith(".") and each.endswith(".part")]
        for part in filter(is_abandoned, parts):
            _remove(part)


def _remove(part: Path) -> None:
    with contextlib.suppress(OSError):
        if not part.is_dir():
            part.unlink()
            return
        _rescue(part)
        shutil.rmtree(part, ignore_errors=True)


def _rescue(part: Path) -> None:
    """Finish an exchange that was killed after the older folder was moved away."""
    if not (part / "older").exists():
        return
    for new in part.iterdir():
        target = part.with_name(new.name)
        if new.name != "older" and not target.exists():
            new.rename(target)


def _is_alive(pid: int, begun: int) -> bool:
    try:
        return bool(abs(psutil.Process(pid).create_time() - begun) <= CLOSE)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _machine() -> str:
    # Processes in two containers of one name do not see each other.
    with contextlib.suppress(OSError):
        return f"{zlib.crc32((platform.node() + os.readlink('/proc/self/ns/pid')).encode()):08x}"
    return f"{zlib.crc32(platform.node().encode()):08x}"
