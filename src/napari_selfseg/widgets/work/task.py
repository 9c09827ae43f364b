"""Work in worker threads, whose answers the window looks for; every dock has one such list."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from qtpy.QtCore import QObject, QTimer

from napari_selfseg.widgets.work.mailbox import Mailbox
from napari_selfseg.widgets.work.runner import in_thread, sentence_of

__all__ = ["POLL_MS", "Begin", "Tasks"]

# Work for a worker thread, what to do with its answer, and what to call it when it fails.
Begin = Callable[[Callable[[], Any], Callable[[Any], None], str], None]

POLL_MS: Final = 100

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Done:
    value: Any


@dataclass(frozen=True)
class _Task:
    what: str
    then: Callable[[Any], None]
    refused: Callable[[str], None]
    mailbox: Mailbox[_Done | Exception]


class Tasks(QObject):
    """What was begun and has not ended; used on the main thread.

    Parameters
    ----------
    dock : QObject
        It ends with this one.
    refused : callable
        Called with a sentence when work fails.
    """

    def __init__(self, dock: QObject, refused: Callable[[str], None]) -> None:
        super().__init__(dock)
        self._refused = refused
        self._tasks: list[_Task] = []
        self._busy = False
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def busy(self) -> bool:
        """Whether anything was begun that has not ended."""
        return bool(self._tasks) or self._busy

    def begin(
        self,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        what: str,
        refused: Callable[[str], None] | None = None,
        stop: Callable[[], None] | None = None,
    ) -> None:
        """Begin some work in a worker thread.

        Parameters
        ----------
        work : callable
            Called once, in a worker thread.
        then : callable
            Called with what it returned, on the main thread.
        refused : callable, optional
            Called with that sentence in place of the one of all tasks.
        stop : callable, optional
            Asks it to end, when Python does.
        """
        task = _Task(what, then, refused or self._refused, Mailbox())
        self._tasks.append(task)
        # The thread may outlive the window, so it holds nothing that leads to it.
        mailbox = task.mailbox
        in_thread(lambda: _do(work, mailbox), what, stop)
        self._timer.start()

    def clear(self) -> None:
        """Wait no longer: answers that come later are dropped."""
        self._tasks.clear()
        self._timer.stop()

    def _poll(self) -> None:
        # Adding a layer lets Qt handle events, and so perhaps the timer again.
        if self._busy:
            return
        self._busy = True
        try:
            for task in list(self._tasks):
                self._look_for(task)
        finally:
            self._busy = False
        if not self._tasks:
            self._timer.stop()

    def _look_for(self, task: _Task) -> None:
        answer = task.mailbox.take()
        # An answer before may have cleared the list.
        if answer is None or task not in self._tasks:
            return
        self._tasks.remove(task)
        try:
            if isinstance(answer, Exception):
                raise answer
            task.then(answer.value)
        except Exception as error:  # nothing may end in Qt's event loop
            if not isinstance(error, ValueError | MemoryError | OSError):
                logger.exception("%s failed", task.what)
            task.refused(sentence_of(error, task.what))


def _do(work: Callable[[], Any], mailbox: Mailbox[_Done | Exception]) -> None:
    try:
        mailbox.put(_Done(work()))
    except Exception as error:
        mailbox.put(error)
