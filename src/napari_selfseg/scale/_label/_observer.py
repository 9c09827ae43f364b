"""From the image that is worked on to whoever watches, and back: every step, and stop."""

from __future__ import annotations

from typing import Any

from napari_selfseg.work import StopRelay, Watch, Work, follow, seeing

__all__ = ["LeftError", "Observer"]


class LeftError(Exception):
    """The work on an image was ended before its end, because somebody asked."""


class Observer:
    """Sees all work on an image; sent to another process it arrives with nobody watching.

    `watch` is opened around each piece of work: learning, a run, planes, tiles. Through `relay`
    somebody asks to leave the image.
    """

    def __init__(self, watch: Watch | None = None, relay: StopRelay | None = None) -> None:
        self._watch, self._relay = watch or seeing(None), relay or StopRelay()

    def __reduce__(self) -> tuple[type[Observer], tuple[()]]:
        return Observer, ()

    def follow(self, work: Work[Any]) -> None:
        """Advance work that has not begun to its end; LeftError when somebody asked to leave."""
        with self._relay.on(work, settle=False):
            self.check()
            follow(work, self._watch)
        self.check()

    def check(self) -> None:
        """Raise LeftError if somebody asked to leave the image."""
        if self._relay.asked:
            raise LeftError("Stopped.")
