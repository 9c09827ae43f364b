"""A claim on a name: one process at a time does what it stands for."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import filelock

from napari_selfseg.io._writing._disk import refusal
from napari_selfseg.io._writing._owner import sweep

__all__ = ["TakenError", "alone", "claimed"]

ENDING: Final = ".claim"
# Seconds: who only looks whether a claim is left behind holds it for a moment.
MOMENT: Final = 0.5

# What file systems say that know no locks.
NO_LOCKS: Final = {
    getattr(errno, name, None) for name in ("ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP")
}


class TakenError(OSError):
    """Another process is at the same work."""


@contextlib.contextmanager
def claimed(path: Path, timeout: float = 0) -> Iterator[bool]:
    """Hold a claim inside the block, unless another process or thread holds it.

    It is a lock of the file system, so it ends with its process, whatever ends that. Where there
    are no locks everybody is told to have it.

    Parameters
    ----------
    path : pathlib.Path
        The file that stands for it; made, and removed at the end.
    timeout : float
        Seconds to wait for others.

    Yields
    ------
    bool
        Whether it is held.

    Raises
    ------
    OSError
        When the file cannot be made.
    """
    lock = filelock.FileLock(path, thread_local=False)
    try:
        held = _taken(lock, timeout)
        yield held
    finally:
        if lock.is_locked:
            _let_go(lock, path)


def _taken(lock: filelock.BaseFileLock, timeout: float) -> bool:
    try:
        lock.acquire(timeout=timeout)
    except filelock.Timeout:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise refusal(Path(lock.lock_file), error) from error
    return True


def _let_go(lock: filelock.BaseFileLock, path: Path) -> None:
    # While it is held, so that who opened it before sees that it is gone; Windows only lets a file
    # that nobody has open be removed.
    if os.name != "nt":
        path.unlink(missing_ok=True)
    lock.release()


@contextlib.contextmanager
def alone(
    target: str | os.PathLike[str], *others: str | os.PathLike[str], tidy: bool = True
) -> Iterator[None]:
    """Keep other processes from writing a file inside the block.

    Parameters
    ----------
    target : path_like
        The file or folder to come.
    *others : path_like
        Files that are written with it.
    tidy : bool
        Whether to remove first what processes that are gone have left in the folders of all these.

    Raises
    ------
    TakenError
        When another process writes it.
    """
    path = Path(target).absolute()
    with claimed(path.with_name(f".{path.name}{ENDING}"), MOMENT) as held:
        if not held:
            raise TakenError(
                f"{target} is being written by another process: wait for it, or choose another "
                "name."
            )
        if tidy:
            _tidy({path.parent, *(Path(each).absolute().parent for each in others)})
        yield


def _tidy(folders: Iterable[Path]) -> None:
    for folder in folders:
        sweep(folder)
        _drop_claims(folder)


def _drop_claims(folder: Path) -> None:
    """Remove claims that nobody holds: their processes were killed."""
    for path in folder.glob(f".*{ENDING}"):
        with contextlib.suppress(OSError), claimed(path):
            pass
