"""Worker processes that end with the process that started them, and the threads one may have."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Final

__all__ = ["MOST_THREADS", "DeafContext", "deaf", "follow_parent"]

# More than any machine has; the system refuses to start many more, and ends the process.
MOST_THREADS: Final = 1024


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """Let processes that are started inside the block hear neither Ctrl-C nor SIGTERM.

    A terminal sends Ctrl-C to all processes of a command, and a cluster SIGTERM: the one that
    started the others says what it means. They can still be killed. On Windows they ignore Ctrl-C
    from `follow_parent` on.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    # Starting it later would let the signals through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class DeafProcess(SpawnProcess):
    """A process that was started `deaf`, and so has to be killed by whoever wants to end it.

    A pool of which one process has died ends the others by `terminate`, and waits for them.
    """

    def terminate(self) -> None:
        """End it at once."""
        self.kill()


class DeafContext(SpawnContext):
    """Starts such processes, each in a new Python.

    A forked child of a process with threads, as torch has, may hang.
    """

    Process = DeafProcess


def follow_parent() -> None:
    """End this process as soon as its parent has ended, whatever ended that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
