"""Work in threads of napari, and what went wrong there in a sentence."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Final

__all__ = ["in_thread", "sentence_of"]

POOL_LOCK: Final = threading.Lock()


def sentence_of(error: Exception, what: str) -> str:
    """Say what went wrong.

    Parameters
    ----------
    error : Exception
        As raised.
    what : str
        What was being done, for an error that explains nothing by itself.

    Returns
    -------
    str
        One sentence.
    """
    if isinstance(error, ValueError | MemoryError) and str(error):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{what} failed: there is not enough memory. Try a smaller part of the image."
    return f"{what} failed: {str(error) or type(error).__name__}"


def in_thread(work: Callable[[], None]) -> None:
    """Call a function in a worker thread of napari.

    Parameters
    ----------
    work : callable
        It reports by itself, so nothing is connected: no signal can reach a closed window.
    """
    from superqt.utils import create_worker

    def lent() -> None:
        with _one_thread_more():
            work()

    create_worker(lent, _start_thread=True)


@contextlib.contextmanager
def _one_thread_more() -> Iterator[None]:
    """Widen napari's pool while a run fills one thread: it has as few as there are cores."""
    _widen(1)
    try:
        yield
    finally:
        _widen(-1)


def _widen(by: int) -> None:
    from qtpy.QtCore import QThreadPool

    pool = QThreadPool.globalInstance()
    if pool is None:
        return
    with POOL_LOCK:
        pool.setMaxThreadCount(pool.maxThreadCount() + by)
