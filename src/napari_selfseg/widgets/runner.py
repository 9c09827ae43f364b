"""A run in a worker thread: it leaves its latest step in a mailbox and ends soon after asked to."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from napari_selfseg.widgets.agreement import Moment
from napari_selfseg.widgets.mailbox import Mailbox
from napari_selfseg.widgets.words import Pace, progress

if TYPE_CHECKING:
    from napari_selfseg.protocol import Run, Step
    from napari_selfseg.widgets.state import Request

__all__ = ["Ended", "Job", "Update", "in_thread", "sentence_of"]

logger: Final = logging.getLogger(__name__)
POOL_LOCK: Final = threading.Lock()


@dataclass(frozen=True)
class Update:
    """Where a live run is.

    Attributes
    ----------
    iteration, total : int
        Made, and to be made at most.
    labels : ndarray
        The label map.
    record : dict
        Of these labels.
    losses : dict of str to float
        Terms of the loss.
    sentence : str
        The same in words.
    moment : Moment
        What there is for segments.
    """

    iteration: int
    total: int
    labels: NDArray[Any]
    record: dict[str, Any]
    losses: dict[str, float]
    sentence: str
    moment: Moment


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


class Job:
    """One run from request to end. Call it in a worker thread; the rest is for the window.

    Parameters
    ----------
    request : Request
        What to run.

    Attributes
    ----------
    mailbox : Mailbox
        The latest `Update`, and `Ended` at last.
    """

    def __init__(self, request: Request) -> None:
        self.mailbox: Mailbox[Update | Ended] = Mailbox()
        self._request = request
        self._run: Run | None = None
        self._asked = False
        self._abandoned = False

    def stop(self) -> None:
        """Ask to end; what was found is settled by a closing pass and kept."""
        self._asked = True
        if run := self._run:
            run.stop()

    def abandon(self) -> None:
        """End as soon as possible, without a closing pass."""
        self._abandoned = True
        if run := self._run:
            run.abandon()

    def __call__(self) -> None:
        """Run to the end. Never raises: an error is told through the mailbox."""
        try:
            with contextlib.closing(self._begin()) as run:
                self._drain(run)
            self.mailbox.put(self._ended(run))
        except Exception as error:
            self.mailbox.put(self._failure(error))
        finally:
            self._run = None

    def _begin(self) -> Run:
        from napari_selfseg.protocol import evolve

        request = self._request
        run = evolve(
            **request.arrays(),
            method=request.method,
            device=request.device,
            threads=request.threads,
            precision=request.precision,
            start=request.start,
        )
        self._run = run
        # Whoever asked before there was a run found none to ask.
        if self._asked:
            run.stop()
        if self._abandoned:
            run.close()
        return run

    def _drain(self, run: Run) -> None:
        pace = Pace(run.method.iterations)
        for step in run:
            if self._abandoned:
                return
            left = pace.left(step.iteration, time.monotonic())
            # Only a reader who is ready is worth a label map; the last one comes with the end.
            if self.mailbox.empty and run.stopped is None:
                self.mailbox.put(self._update(run, step, left))

    def _update(self, run: Run, step: Step, seconds_left: float) -> Update:
        sentence = progress(
            step.iteration, step.total, step.n_labels, step.n_raw_labels, step.loss, seconds_left
        )
        labels, record = run.project(step.votes), self._recorded(run, step.iteration)
        losses = {name: float(value) for name, value in step.losses.items()}
        moment = Moment(run, record)
        return Update(step.iteration, step.total, labels, record, losses, sentence, moment)

    def _ended(self, run: Run) -> Ended:
        """Gather what is left of a run, also of a failed one."""
        failed = run.stopped is not None and run.stopped.kind == "failed"
        if not run.iterations:
            return Ended(run.stop_reason, failed)
        labels, record = run.labels(), self._recorded(run)
        return Ended(
            run.stop_reason, failed, run.iteration, run.method.iterations, labels, record, run
        )

    def _recorded(self, run: Run, iteration: int | None = None) -> dict[str, Any]:
        return {**run.record(iteration), "source": self._request.source}

    def _failure(self, error: Exception) -> Ended:
        if self._abandoned:
            return Ended("Ended.")
        if not isinstance(error, ValueError | MemoryError):
            logger.exception("The run failed")
        if self._run is None:
            return Ended(sentence_of(error, "The run"), failed=True)
        ended = self._ended(self._run)
        if isinstance(error, MemoryError):
            kept = f" The labels of {ended.iteration} iterations are kept." if ended.run else ""
            ended = dataclasses.replace(ended, sentence=sentence_of(error, "The run") + kept)
        return ended


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
