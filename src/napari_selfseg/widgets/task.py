"""One piece of work in a worker thread, whose answer the window looks for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from napari_selfseg.widgets.mailbox import Mailbox
from napari_selfseg.widgets.runner import in_thread, sentence_of

__all__ = ["Begin", "Done", "Refused", "Task"]

# Work for a worker thread, what to do with its answer, and what to call it when it fails.
Begin = Callable[[Callable[[], Any], Callable[[Any], None], str], None]

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """What came of a task.

    Attributes
    ----------
    value : object
        What the function returned.
    """

    value: Any


@dataclass(frozen=True)
class Refused:
    """Why nothing came of a task.

    Attributes
    ----------
    sentence : str
        For a person.
    """

    sentence: str


class Task:
    """Work that was begun; used on the main thread.

    Parameters
    ----------
    work : callable
        Called once, in a worker thread.
    then : callable
        Called with what it returned, on the main thread.
    what : str
        What is done, for the sentence when it fails.
    """

    def __init__(self, work: Callable[[], Any], then: Callable[[Any], None], what: str) -> None:
        self.then = then
        self._what = what
        self._work = work
        self._mailbox: Mailbox[Done | Refused] = Mailbox()
        in_thread(self._do)

    def take(self) -> Done | Refused | None:
        """Look for the answer.

        Returns
        -------
        Done, Refused or None
            None while it is not there.
        """
        return self._mailbox.take()

    def _do(self) -> None:
        try:
            self._mailbox.put(Done(self._work()))
        except Exception as error:
            if not isinstance(error, ValueError | MemoryError | OSError):
                logger.exception("%s failed", self._what)
            self._mailbox.put(Refused(sentence_of(error, self._what)))
