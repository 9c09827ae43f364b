"""From the image that is worked on to whoever watches, and back: how far it is, and stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_selfseg.protocol import Run, Step

__all__ = ["LeftError", "Watch"]

Seen = Callable[[int, "Step"], None]


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
        self._run: Run | None = None
        self.stopped = False

    def __reduce__(self) -> tuple[type[Watch], tuple[()]]:
        return Watch, ()

    def stop(self) -> None:
        """Ask the run at hand to end after the current layer; from any thread."""
        self.stopped = True
        if run := self._run:
            run.abandon()

    def follow(self, number: int, run: Run) -> None:
        """Advance a run to its end.

        Parameters
        ----------
        number : int
            Place of its image.
        run : Run
            Not begun.

        Raises
        ------
        LeftError
            When it was stopped.
        """
        self._run = run
        try:
            # Whoever asked before there was a run found none to ask.
            self.check()
            for step in run:
                if self._seen is not None:
                    self._seen(number, step)
            self.check()
        finally:
            self._run = None

    def check(self) -> None:
        """Go on, unless somebody asked to stop.

        Raises
        ------
        LeftError
            When somebody did.
        """
        if self.stopped:
            raise LeftError("Stopped.")
