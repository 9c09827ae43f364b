"""What jobs of the dock have in common: a worker thread, a mailbox, and an end when asked to."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from napari_selfseg.widgets.model.words import TRYING
from napari_selfseg.widgets.work.runner import sentence_of
from napari_selfseg.widgets.work.work_job import WorkJob

if TYPE_CHECKING:
    from napari_selfseg.protocol import FirstLook, Run
    from napari_selfseg.widgets.model.request import Request

__all__ = ["Ended", "LiveJob", "Progress"]

logger: Final = logging.getLogger(__name__)


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


class LiveJob(WorkJob):
    """A job whose labels are shown live, from request to end.

    Attributes
    ----------
    mailbox : Mailbox
        The latest `Progress`, and `Ended` at last.
    stage : str
        What is being done while there are no labels, in words; read by the window now and then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stage = ""
        self._left = False

    def abandon(self, *, leave: bool = False) -> None:
        """End as soon as possible, with what is done.

        `leave` says that nobody waits for what takes long to say.
        """
        self._left = self._left or leave
        self._relay.abandon()

    def _finish(self, look: FirstLook) -> None:
        """Go through a first look, of which nobody is told."""
        try:
            with self._steered(look.run) as run:
                run.finish()
        finally:
            self._work = None  # what comes of it is no result

    def _try_speed(self, request: Request) -> None:
        """Let the precision be chosen before a run asks for it: the first time takes a while."""
        from napari_selfseg.protocol import resolve_device, resolve_precision

        self.stage = TRYING
        resolve_precision(request.precision, resolve_device(request.device))

    def _failed(self, error: Exception) -> Ended:
        if self._work is None:
            return Ended(sentence_of(error, self.what), failed=not self._relay.abandoned)
        try:
            return self._rescued(error)
        except Exception as other:
            logger.exception("%s left nothing", self.what)
            return Ended(sentence_of(other, self.what), failed=True)

    @abstractmethod
    def _do(self) -> Ended:
        """Do it all, and say how it ended."""

    @abstractmethod
    def _rescued(self, error: Exception) -> Ended:
        """Gather what is left of work that failed."""
