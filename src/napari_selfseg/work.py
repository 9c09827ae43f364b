"""Work that is gone through step by step, how far it is, and a wish to end it."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal, NamedTuple, Protocol, Self, TypeVar

from napari_selfseg.pictures.cards import Card

__all__ = ["Progress", "StopRelay", "Watch", "Work", "WorkStep", "follow", "seeing", "told"]


class Progress(NamedTuple):
    """How far work is.

    Attributes
    ----------
    what : {"iteration", "plane", "tile", "image"}
        What is counted.
    done, total : int
        How many are done, and of how many; the last one is not the end.
    """

    what: Literal["iteration", "plane", "tile", "image"]
    done: int
    total: int


class WorkStep(Protocol):
    """What every step of some work can say."""

    @property
    def progress(self) -> Progress:
        """How far the work is."""


T = TypeVar("T")


class Work(Iterator[T]):
    """A run, a stack, tiles, a training or a batch: iterate it to advance.

    Whoever shows it reads its steps; nobody but it knows how they are made.
    """

    def __iter__(self) -> Self:
        return self

    @abstractmethod
    def __next__(self) -> T:
        """Advance by one step."""

    @property
    @abstractmethod
    def progress(self) -> Progress:
        """How far it is; known before it begins."""

    @abstractmethod
    def stop(self) -> None:
        """Ask to end soon and to settle what was found; from any thread."""

    def abandon(self) -> None:
        """Ask to end soon, with what is done already; from any thread."""
        self.stop()

    @abstractmethod
    def close(self) -> None:
        """End now; from the thread that iterates."""

    def finish(self) -> Self:
        """Go through to the end.

        Returns
        -------
        Work
            Itself.
        """
        deque(self, maxlen=0)
        return self

    def card(self) -> Card:
        """Say what a notebook shows of it; never raises for lack of labels."""
        return Card(type(self).__name__, **told(self))

    def _repr_html_(self) -> str:
        return self.card().html


def told(work: Work[Any]) -> dict[str, Any]:
    """Say how far work is, or why it ended, as a `Card` takes it.

    Parameters
    ----------
    work : Work
        Going on or ended.
    """
    if reason := getattr(work, "stop_reason", ""):
        return {"note": reason}
    what, done, total = work.progress
    return {"note": f"{done} of {total} {what}s.", "bar": (done, total)}


W = TypeVar("W", bound=Work[Any])
# Opened around work; what it gives is called with every step.
Watch = Callable[[Work[Any]], AbstractContextManager[Callable[[Any], object]]]


def follow(work: Work[Any], watch: Watch) -> None:
    """Go through work that has not begun to its end, and show every step of it."""
    with watch(work) as see:
        for step in work:
            see(step)


def seeing(see: Callable[[Any], object] | None) -> Watch:
    """Return a `Watch` that does nothing but call a function, if any, with every step."""
    return lambda work: nullcontext(see or (lambda step: None))


class StopRelay:
    """Passes a wish to end on to whichever work is at hand, also to work that begins later.

    Attributes
    ----------
    work : Work or None
        At hand.
    asked, abandoned : bool
        What was asked for.
    """

    def __init__(self) -> None:
        self.work: Work[Any] | None = None
        self.asked = self.abandoned = False

    def stop(self) -> None:
        """Ask to end soon and to settle what was found; from any thread."""
        self.asked = True
        if (work := self.work) is not None:
            work.stop()

    def abandon(self) -> None:
        """Ask to end soon, with what is done already; from any thread."""
        self.asked = self.abandoned = True
        if (work := self.work) is not None:
            work.abandon()

    @contextmanager
    def on(self, work: W, *, settle: bool = True) -> Iterator[W]:
        """Let work hear of what is asked for inside the block, and close it after that.

        With `settle` work that somebody asked to stop before it began settles what it finds; else
        it is abandoned.
        """
        self.work = work
        # Whoever asked while the work was made found none to ask.
        if self.abandoned or (self.asked and not settle):
            work.abandon()
        elif self.asked:
            work.stop()
        try:
            yield work
        finally:
            self.work = None
            work.close()
