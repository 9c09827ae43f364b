"""A long job in a worker thread: it leaves its latest look in a mailbox, and ends when asked to."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from napari_selfseg.widgets.work.mailbox import Mailbox
from napari_selfseg.widgets.work.runner import sentence_of

__all__ = ["Over", "WorkJob"]

logger: Final = logging.getLogger(__name__)


class Stoppable(Protocol):
    """What a job goes through."""

    def stop(self) -> None:
        """Ask to end soon."""


Look = TypeVar("Look")
Work = TypeVar("Work", bound=Stoppable)


@dataclass(frozen=True)
class Over(Generic[Look]):
    """How a job ended.

    Attributes
    ----------
    sentence : str
        Why, and where its results are.
    failed : bool
        Whether it is an error.
    look : Look or None
        The last one; None when there was none.
    """

    sentence: str
    failed: bool = False
    look: Look | None = None


class WorkJob(ABC, Generic[Look]):
    """One job from request to end. Call it in a worker thread; the rest is for the window.

    Attributes
    ----------
    mailbox : Mailbox
        The latest look, and `Over` at last.
    """

    what: ClassVar[str]

    def __init__(self) -> None:
        self.mailbox: Mailbox[Look | Over[Look]] = Mailbox()
        self._work: Any = None
        self._asked = False

    def stop(self) -> None:
        """Ask to end; what is done is kept."""
        self._asked = True
        if work := self._work:
            work.stop()

    def __call__(self) -> None:
        """Do it all. Never raises: an error is told through the mailbox."""
        try:
            self.mailbox.put(self._do())
        except Exception as error:
            if not isinstance(error, ValueError | MemoryError | OSError):
                logger.exception("%s failed", self.what)
            sentence = sentence_of(error, self.what)
            self.mailbox.put(Over(sentence, failed=True, look=self._last_look()))
        finally:
            self._work = None

    def _steered(self, work: Work) -> Work:
        """Let work hear of what is asked from now on."""
        self._work = work
        # Whoever asked before there was any found none to ask.
        if self._asked:
            work.stop()
        return work

    @abstractmethod
    def _do(self) -> Over[Look]:
        """Do it all, and say how it ended."""

    def _last_look(self) -> Look | None:
        """Return what can still be seen of work that failed."""
        return None
