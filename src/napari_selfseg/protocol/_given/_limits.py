"""Memory that the system leaves to this process: that of the computer, or less in a container."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

__all__ = ["computer_memory"]

ROOT = Path("/sys/fs/cgroup")
OF_PROCESS = Path("/proc/self/cgroup")
# Limit, use, and the cached files within the use, which give way: in version 2 and in version 1.
NAMES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def computer_memory() -> int:
    """Return the bytes that this process could still take.

    That is the least of what is free in the computer, in the control groups of Linux that a
    container or a cluster has put it in, and under the limit of a shell.
    """
    free = int(psutil.virtual_memory().available)
    return max(0, min(free, *_groups(), *_shell()))


def _groups(root: Path = ROOT, of_process: Path = OF_PROCESS) -> Iterator[int]:
    """Return what is left in each control group with a limit, also in those around it."""
    for folder in _folders(root, of_process):
        for limit, use, cached in NAMES:
            with contextlib.suppress(OSError, ValueError):
                left = int((folder / limit).read_text()) - int((folder / use).read_text())
                yield left + _stat(folder, cached)


def _folders(root: Path, of_process: Path) -> Iterator[Path]:
    """Return the groups of this process; inside a container its own one is at the root."""
    with contextlib.suppress(OSError, ValueError):
        for line in of_process.read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds in ("", "memory"):
                base = root / kinds
                own = base / path.lstrip("/")
                yield from (each for each in (own, *own.parents) if each.is_relative_to(base))


def _stat(folder: Path, name: str) -> int:
    lines = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
    return next((int(value) for key, value in lines if key == name), 0)


def _shell() -> Iterator[int]:
    if sys.platform == "win32":
        return
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        yield limit - psutil.Process().memory_info().vms
