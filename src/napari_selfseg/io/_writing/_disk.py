"""What is said where a file cannot be written."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

__all__ = ["DiskFullError", "WriteError", "refusal"]

FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
# As libraries say it that keep no number.
SAID = ("no space left", "os error 28", "disk quota", "not enough space")
NAMES = {
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
    errno.EROFS: "the disk is read-only",
    errno.ENAMETOOLONG: "the name is too long",
}


class WriteError(OSError):
    """A file cannot be written; the message says which and why."""

    def __init__(self, target: Path, why: str) -> None:
        super().__init__(f"Cannot write {target}: {why}")
        self.why = why


class DiskFullError(WriteError):
    """There is no room for a file; the message says where, and how much is needed."""


def refusal(target: Path, error: OSError, size: int = 0) -> WriteError:
    """Say in a sentence why something cannot be written; a `DiskFullError` where there was no room.

    `size` is the bytes that are needed at most, 0 where nobody knows.
    """
    if not _is_full(error):
        return WriteError(target, _why(error))
    free = _free(target)
    known = f"{_in_words(size)} may be needed, and {_in_words(free)} are free"
    needed = known if size > free else f"more is needed than the {_in_words(free)} that are free"
    return DiskFullError(
        target,
        f"No space left on device: {needed} in {target.parent}; free some space there, or write "
        "elsewhere.",
    )


def _why(error: OSError) -> str:
    if isinstance(error, WriteError):
        return error.why
    return NAMES.get(error.errno or 0, error.strerror or str(error))


def _is_full(error: BaseException | None) -> bool:
    """Say whether an error, or one that led to it, is that of a full disk."""
    if error is None:
        return False
    if isinstance(error, OSError) and (isinstance(error, DiskFullError) or error.errno in FULL):
        return True
    said = str(error).lower()
    return any(each in said for each in SAID) or _is_full(error.__cause__ or error.__context__)


def _free(target: Path) -> int:
    try:
        return shutil.disk_usage(target.parent).free
    except OSError:
        return 0


def _in_words(size: float) -> str:
    for unit in ("kB", "MB"):
        size /= 1000
        if size < 999.5:
            return f"{size:.3g} {unit}"
    return f"{size / 1000:.3g} GB"
