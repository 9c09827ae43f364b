"""From the image that is worked on to whoever watches, and back: how far it is, and stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from napari_selfseg.protocol import Run, Step
from napari_selfseg.scale._planes._stack import StackRun
from napari_selfseg.scale._planes._stack_step import StackStep
from napari_selfseg.scale._tiles._tile_pass import TileProgress
from napari_selfseg.scale._tiles._tile_run import TileRun

__all__ = ["AnyStep", "LeftError", "Reached", "Seen", "Watch", "reached"]

AnyStep = Step | StackStep | TileProgress
Seen = Callable[[int, AnyStep], None]


class Reached(NamedTuple):
    """How far an image is.

    Attributes
    ----------
    what : {"iteration", "plane", "tile"}
        What is counted.
    done, total : int
        How many are done, and of how many; the last one is not the end.
    """

    what: str
    done: int
    total: int


def reached(step: AnyStep) -> Reached:
    """Say how far an image is.

    Parameters
    ----------
    step : Step, StackStep or TileProgress
        The last one: of a run, of a stack that is gone along, or of tiles.

    Returns
    -------
    Reached
    """
    if isinstance(step, StackStep):
        return Reached("plane", step.done, step.total)
    if isinstance(step, TileProgress):
        return Reached("tile", step.done, step.total)
    return Reached("iteration", step.iteration, step.total)


class LeftError(Exception):
    """The work on an image was ended before its end, because somebody asked."""


class Watch:
    """Where the image at hand is; sent to another process it arrives with nobody watching.

    Parameters
    ----------
    seen : callable, optional
        Called with the place of the image in its batch, from 0, and every step.
    """

    def __init__(self, seen: Seen | None = None) -> None:
        self._seen = seen
        self._end: Callable[[], Any] | None = None
        self.stopped = False

    def __reduce__(self) -> tuple[type[Watch], tuple[()]]:
        return Watch, ()

    def stop(self) -> None:
        """Ask the run at hand to end after the current layer or tile; from any thread."""
        self.stopped = True
        if end := self._end:
            end()

    def follow(self, number: int, run: Run | StackRun | TileRun) -> None:
        """Advance a run to its end.

        Parameters
        ----------
        number : int
            Place of its image.
        run : Run, StackRun or TileRun
            Not begun.

        Raises
        ------
        LeftError
            When it was stopped.
        """
        self._end = run.stop if isinstance(run, TileRun) else run.abandon
        try:
            # Whoever asked before there was a run found none to ask.
            self.check()
            for step in run:
                if self._seen is not None:
                    self._seen(number, step)
            self.check()
        finally:
            self._end = None

    def check(self) -> None:
        """Go on, unless somebody asked to stop.

        Raises
        ------
        LeftError
            When somebody did.
        """
        if self.stopped:
            raise LeftError("Stopped.")
