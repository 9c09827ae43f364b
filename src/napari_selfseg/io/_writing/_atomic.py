"""Atomic writes: a file is written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from napari_selfseg.io._writing._disk import refusal
from napari_selfseg.io._writing._owner import part_prefix
from napari_selfseg.io._writing._together import written_together

__all__ = ["atomic_file", "atomic_folder", "check_target"]


def check_target(
    path: str | os.PathLike[str], suffixes: Sequence[str], *, folder: bool = False
) -> Path:
    """Refuse a name that cannot be written, before any work is done for it.

    Parameters
    ----------
    path : path_like
        The file to come.
    suffixes : sequence of str
        Allowed endings, such as ``".tif"``.
    folder : bool
        Whether it is going to be a folder.

    Raises
    ------
    ValueError
        When the ending is another one.
    OSError
        When the folder is not there or nothing can be written into it.
    """
    target = Path(path)
    if target.suffix.lower() not in suffixes:
        raise ValueError(f"{target.name} must end in {' or '.join(suffixes)}.")
    if target.is_dir() and not folder:
        raise IsADirectoryError(f"{target} is a folder: name a file in it.")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {target.parent} to write {target.name} into.")
    if not os.access(target.parent, os.W_OK):
        raise PermissionError(f"Nothing can be written into the folder {target.parent}.")
    return target


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name beside the file, and rename it once the block is left without error.

    Parameters
    ----------
    path : path_like
        The file to come; an older one stays as it is until the new one is whole.

    Yields
    ------
    pathlib.Path
        Where to write.

    Raises
    ------
    OSError
        When it cannot be written; nothing is left behind.
    """
    target = Path(path)
    part: Path | None = None
    try:
        handle, name = tempfile.mkstemp(
            prefix=part_prefix(target), suffix=".part", dir=target.parent
        )
        os.close(handle)
        part = Path(name)
        yield part
        _share(part)
        part.replace(target)
    except OSError as error:
        if part is not None:
            part.unlink(missing_ok=True)
        raise refusal(target, error) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give an empty temporary folder, renamed to `path` once the block is left without error.

    An older folder stays as it is until then.

    Raises
    ------
    OSError
        When it cannot be written; nothing is left behind.
    """
    with written_together(path) as (new,):
        new.mkdir()
        yield new


def _share(part: Path) -> None:
    # A temporary file is its owner's alone; the result gets what the umask allows.
    umask = os.umask(0)
    os.umask(umask)
    part.chmod(0o666 & ~umask)
