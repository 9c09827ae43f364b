"""What is seen of work below a cell: its card, which follows it, and controls."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Final

from napari_selfseg.notebook._controls import GET_IT, controls_for
from napari_selfseg.notebook._pace import Pace
from napari_selfseg.pictures.cards import Card
from napari_selfseg.work import Work

__all__ = ["View"]

# Seconds between two pictures, and how many times as long as a picture takes.
BETWEEN: Final = 0.3
TIMES: Final = 10
INTERRUPT: Final = "Interrupt the kernel (\N{BLACK SQUARE}) to stop and keep what was found."
PRESS: Final = "Press Stop to keep what was found."
CALL: Final = f"Call stop() to keep what was found. For a button and a slider: {GET_IT}"


class View:
    """Work below a cell.

    `waiting` says that the cell waits for it, so that no button can be pressed.
    """

    def __init__(self, work: Work[Any], *, waiting: bool) -> None:
        from IPython.display import display

        self._work, self._pace, self._next = work, Pace(work.progress.done), 0.0
        self._handle: Any = display(_bundle(work.card()), raw=True, display_id=True)
        self._controls = controls_for(work, button=not waiting)
        beside = CALL if self._controls is None else PRESS
        self._how_to_stop = INTERRUPT if waiting else beside

    def see(self, step: Any) -> None:
        """Show a step, unless the last picture was a moment ago."""
        begun = time.monotonic()
        if begun < self._next:
            return
        card = self._work.card()
        said = f"{self._pace.said(step)} {self._how_to_stop}"
        self.show(dataclasses.replace(card, note=said, bar=step.progress[1:]))
        now = time.monotonic()
        # Pictures of large images take long: they shall not slow the work down.
        self._next = now + max(BETWEEN, TIMES * (now - begun))

    def show(self, card: Card) -> None:
        """Replace the last card."""
        self._handle.update(_bundle(card), raw=True)

    def say(self, sentence: str) -> None:
        """Say something in the place of how far the work is."""
        self.show(dataclasses.replace(self._work.card(), note=sentence, bar=None))

    def end(self) -> None:
        """Show how the work ended, and what can be done with it now."""
        self.show(self._work.card())
        if self._controls is not None:
            self._controls.end(self.show)


def _bundle(card: Card) -> dict[str, str]:
    return {"text/html": card.html, "text/plain": card.text}
