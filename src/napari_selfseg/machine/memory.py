"""How the process treats the memory that tensors give back."""

from __future__ import annotations

import contextlib
import ctypes
import sys

# The numbers of these settings in glibc's malloc.h.
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
LARGEST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Let the process keep the memory that tensors free, so that the next ones find it ready.

    By default glibc maps each tensor above 32 MB anew and gives it back when freed; having the
    system clear fresh pages costs more than normalising a response map. False where the C library
    is not glibc.
    """
    library = _glibc()
    if library is None:
        return False
    settings = {M_MMAP_THRESHOLD: LARGEST, M_TRIM_THRESHOLD: LARGEST, M_ARENA_MAX: 1}
    return all(library.mallopt(name, value) for name, value in settings.items())


def release_freed_memory() -> None:
    """Give memory that is kept but not in use back to the system; nothing where not glibc."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


def release_freed_device_memory() -> None:
    """Give memory of a GPU that is kept but not in use back to it; nothing where there is none."""
    import torch

    if torch.cuda.is_available():
        # A device that was lost refuses even this.
        with contextlib.suppress(RuntimeError):
            torch.cuda.empty_cache()


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
