"""What jobs of the dock have in common: a worker thread, a mailbox, and an end when asked to."""

from __future__ import annotations

import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, TypeVar

from numpy.typing import NDArray

from napari_selfseg.widgets.work.mailbox import Mailbox
from napari_selfseg.widgets.work.runner import sentence_of

if TYPE_CHECKING:
    from napari_selfseg.protocol import FirstLook, Run

__all__ = ["Ended", "LiveJob", "Progress"]

logger: Final = logging.getLogger(__name__)


class Steered(Protocol):
    """What a job goes through, step by step."""

    def stop(self) -> None:
        """Ask to end, and to settle what was found."""

    def abandon(self) -> None:
        """Ask to end soon."""

    def close(self) -> None:
        """End now."""


R = TypeVar("R", bound=Steered)


@dataclass(frozen=True)
class Progress:
    """Where something live is.

    Attributes
    ----------
    iteration, total : int
        Iterations, planes or tiles that are done, and to be done at most.
    sentence : str
        The same in words.
    losses : mapping of str to float
        Terms of the loss; empty for none.
    """

    iteration: int
    total: int
    sentence: str
    losses: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes
    ----------
    sentence : str
        Why.
    failed : bool
        Whether it is an error.
    iteration, total : int
        Made, and to be made at most; 0 when there was none.
    labels : ndarray or None
        The last label map; None when there was none.
    record : dict or None
        Of the labels.
    run : Run or None
        With every iteration kept; None when there was none.
    """

    sentence: str
    failed: bool = False
    iteration: int = 0
    total: int = 0
    labels: NDArray[Any] | None = None
    record: dict[str, Any] | None = None
    run: Run | None = None


class LiveJob(ABC):
    """Something from request to end. Call it in a worker thread; the rest is for the window.

    Attributes
    ----------
    mailbox : Mailbox
        The latest `Progress`, and `Ended` at last.
    """

    what: ClassVar[str]

    def __init__(self) -> None:
        self.mailbox: Mailbox[Any] = Mailbox()
        self._run: Any = None
        self._asked = self._abandoned = self._left = False

    def stop(self) -> None:
        """Ask to end; what was found is settled and kept."""
        self._asked = True
        if run := self._run:
            run.stop()

    def abandon(self, *, leave: bool = False) -> None:
        """End as soon as possible, with what is done.

        Parameters
        ----------
        leave : bool
            Whether nobody waits for what takes long to say.
        """
        self._abandoned, self._left = True, self._left or leave
        if run := self._run:
            run.abandon()

    def __call__(self) -> None:
        """Run to the end. Never raises: an error is told through the mailbox."""
        try:
            self.mailbox.put(self._work())
        except Exception as error:
            self.mailbox.put(self._failure(error))
        finally:
            self._run = None

    @contextlib.contextmanager
    def _steering(self, run: R) -> Iterator[R]:
        """Let a run hear of what is asked while it is gone through, and close it then."""
        self._run = run
        # Whoever asked before there was a run found none to ask.
        if self._asked:
            run.stop()
        if self._abandoned:
            run.abandon()
        with contextlib.closing(run):
            yield run

    def _finish(self, look: FirstLook) -> None:
        """Go through a first look, of which nobody is told."""
        try:
            with self._steering(look.run) as run:
                run.finish()
        finally:
            self._run = None  # what comes of it is no result

    def _failure(self, error: Exception) -> Ended:
        if not isinstance(error, ValueError | MemoryError | OSError):
            logger.exception("%s failed", self.what)
        if self._run is None:
            return Ended(sentence_of(error, self.what), failed=not self._abandoned)
        try:
            return self._rescued(error)
        except Exception as other:
            logger.exception("%s left nothing", self.what)
            return Ended(sentence_of(other, self.what), failed=True)

    @abstractmethod
    def _work(self) -> Ended:
        """Do it all, and say how it ended."""

    @abstractmethod
    def _rescued(self, error: Exception) -> Ended:
        """Gather what is left of a run that failed."""
