"""Work in threads that end before Python does, and what went wrong there in a sentence."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable
from typing import Final

__all__ = ["Worker", "in_thread", "sentence_of", "working"]

TELL_AFTER: Final = 2.0  # seconds

logger: Final = logging.getLogger(__name__)


def sentence_of(error: Exception, what: str) -> str:
    """Say in one sentence what went wrong.

    `what` was being done, for an error that explains nothing by itself.
    """
    if isinstance(error, ValueError | MemoryError) and str(error):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{what} failed: there is not enough memory. Try a smaller part of the image."
    return f"{what} failed: {str(error) or type(error).__name__}"


class Worker(threading.Thread):
    """A thread that is asked to end, and waited for, before Python ends.

    Python itself would wait for a thread that is no daemon before it lets anybody ask it to end,
    and would end around a daemon in the middle of its work, which aborts where that is torch's.

    Parameters
    ----------
    work : callable
        It reports by itself: no signal can reach a closed window.
    stop : callable or None
        Asks the work to end soon; None where nobody can, and then it is waited for as it is.
    """

    def __init__(
        self, work: Callable[[], None], what: str, stop: Callable[[], None] | None = None
    ) -> None:
        super().__init__(target=work, name=f"napari-selfseg: {what}", daemon=True)
        self._stop_work = stop

    def ask_to_end(self) -> None:
        """Ask the work to end, where that can be asked."""
        if self._stop_work is not None:
            self._stop_work()


def in_thread(work: Callable[[], None], what: str, stop: Callable[[], None] | None = None) -> None:
    """Call a function in a thread of its own, as of `Worker`."""
    Worker(work, what, stop).start()


def working() -> list[Worker]:
    """Return the workers that have not ended."""
    return [each for each in threading.enumerate() if isinstance(each, Worker)]


@atexit.register
def _end_workers() -> None:
    """Let no work outlive Python; what cannot be asked to end, as a file half saved, is done."""
    for each in working():
        each.ask_to_end()
    for each in working():
        each.join(TELL_AFTER)
        if each.is_alive():
            logger.warning("Waiting for work that cannot be broken off: %s", each.name)
            each.join()
