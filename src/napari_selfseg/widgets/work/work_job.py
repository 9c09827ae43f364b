"""A long job in a worker thread: it leaves its latest snapshot in a mailbox, and can be stopped."""

from __future__ import annotations

import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, TypeVar

from napari_selfseg.widgets.work.mailbox import Mailbox
from napari_selfseg.widgets.work.runner import sentence_of
from napari_selfseg.work import StopRelay, Work, follow, seeing

__all__ = ["JobEnd", "WorkJob"]

logger: Final = logging.getLogger(__name__)

Snapshot = TypeVar("Snapshot")
W = TypeVar("W", bound=Work[Any])


@dataclass(frozen=True)
class JobEnd(Generic[Snapshot]):
    """How a job ended.

    Attributes
    ----------
    sentence : str
        Why, and where its results are.
    failed : bool
        Whether it is an error.
    snapshot : Snapshot or None
        The last one; None when there was none.
    """

    sentence: str
    failed: bool = False
    snapshot: Snapshot | None = None


class WorkJob(ABC):
    """One job from request to end. Call it in a worker thread; the rest is for the window.

    Attributes
    ----------
    mailbox : Mailbox
        The latest snapshot, and how it ended at last.
    """

    what: ClassVar[str]

    def __init__(self) -> None:
        self.mailbox: Mailbox[Any] = Mailbox()
        self._relay = StopRelay()
        self._work: Any = None

    def stop(self) -> None:
        """Ask to end; what was found is settled and kept."""
        self._relay.stop()

    def __call__(self) -> None:
        """Do it all. Never raises: an error is told through the mailbox."""
        try:
            self.mailbox.put(self._do())
        except Exception as error:
            if not isinstance(error, ValueError | MemoryError | OSError):
                logger.exception("%s failed", self.what)
            self.mailbox.put(self._failed(error))
        finally:
            self._work = None

    @contextlib.contextmanager
    def _steered(self, work: W) -> Iterator[W]:
        """Let work hear of what is asked while it is gone through, and close it then."""
        self._work = work
        with self._relay.on(work):
            yield work

    def _go_through(self, work: Work[Any], see: Callable[[Any], None]) -> None:
        """Advance work from `_steered` to its end, and call `see` with every step."""
        follow(work, seeing(see))

    @abstractmethod
    def _do(self) -> Any:
        """Do it all, and say how it ended."""

    def _failed(self, error: Exception) -> Any:
        """Say what went wrong, with what can still be seen of the work."""
        return JobEnd(sentence_of(error, self.what), failed=True, snapshot=self._last_snapshot())

    def _last_snapshot(self) -> Any:
        """Return what can still be seen of work that failed; None for nothing."""
        return None
