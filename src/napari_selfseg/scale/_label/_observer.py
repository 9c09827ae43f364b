"""From the image that is worked on to whoever watches, and back: every step, and stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_selfseg.protocol import StopRelay, Work, WorkStep

__all__ = ["LeftError", "Observer", "Seen"]

Seen = Callable[[int, WorkStep], None]


class LeftError(Exception):
    """The work on an image was ended before its end, because somebody asked."""


class Observer:
    """Sees where the image at hand is; sent to another process it arrives with nobody watching.

    Parameters
    ----------
    seen : callable, optional
        Called with the place of the image in its batch, from 0, and every step.
    relay : StopRelay, optional
        Through which somebody asks for the end.
    """

    def __init__(self, seen: Seen | None = None, relay: StopRelay | None = None) -> None:
        self._seen, self._relay = seen, relay or StopRelay()

    def __reduce__(self) -> tuple[type[Observer], tuple[()]]:
        return Observer, ()

    def follow(self, number: int, work: Work[Any]) -> None:
        """Advance work to its end.

        Parameters
        ----------
        number : int
            Place of its image.
        work : Work
            Not begun.

        Raises
        ------
        LeftError
            When somebody asked to end.
        """
        with self._relay.on(work, settle=False):
            self.check()
            for step in work:
                if self._seen is not None:
                    self._seen(number, step)
        self.check()

    def check(self) -> None:
        """Go on, unless somebody asked to stop.

        Raises
        ------
        LeftError
            When somebody did.
        """
        if self._relay.asked:
            raise LeftError("Stopped.")
