"""One wish to stop, for whichever run is at work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from napari_selfseg.protocol import Run

__all__ = ["AtWork"]


class AtWork:
    """The run at work, and whether somebody asked for the end; from any thread.

    Attributes
    ----------
    run : Run or None
        At work.
    asked, abandoned : bool
        What was asked for.
    """

    def __init__(self) -> None:
        self.run: Run | None = None
        self.asked = False
        self.abandoned = False

    def stop(self) -> None:
        """Ask to end after the current layer; its closing step still follows."""
        self.asked = True
        if (run := self.run) is not None:
            run.stop()

    def abandon(self) -> None:
        """Ask to end after the current layer, with no closing step."""
        self.asked = self.abandoned = True
        if (run := self.run) is not None:
            run.abandon()

    @contextmanager
    def on(self, run: Run) -> Iterator[Run]:
        """Pass what is asked for on to a run inside the block, and close it after that.

        Parameters
        ----------
        run : Run
            Not yet started.

        Yields
        ------
        Run
        """
        self.run = run
        # Somebody may have asked while the run was made; nothing of it is worth a closing step.
        if self.asked:
            run.abandon()
        try:
            yield run
        finally:
            self.run = None
            run.close()
