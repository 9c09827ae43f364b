"""What an estimate becomes while a run has no labels yet, from the time that it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_selfseg.widgets.model.words import duration

if TYPE_CHECKING:
    from napari_selfseg.protocol import Estimate

__all__ = ["Awaited"]

# Seconds in which enough is seen of what else is at work.
SEEN: Final = 2.0
# How many times as long is another number.
OTHER: Final = 1.5
BUSY: Final = "Other programs are at work: {} in all, as it seems."
LONGER: Final = "Longer than was estimated; how much longer is not known yet."


class Awaited:
    """The time of one run, told anew where its first seconds show that it takes longer.

    Parameters
    ----------
    taken : Estimate
        Of a computer that does nothing else.
    wall, processor : float
        Clocks at the beginning: of the day, and of all that this process has computed.
    """

    def __init__(self, taken: Estimate, wall: float, processor: float) -> None:
        self._seconds = taken.likely or taken.seconds
        # What a graphics card does needs no processor.
        self._alone = min(1.0, taken.processor / taken.seconds) if taken.processor else 0.0
        self._began = wall, processor
        self._told = self._seconds

    def words(self, wall: float, processor: float) -> str:
        """Say how long it takes in all; empty while what was said is as good as that.

        `wall` and `processor` are what the clocks show now.
        """
        since = wall - self._began[0]
        if since < SEEN:
            return ""
        had = max(processor - self._began[1], 0.05)
        expected = self._seconds * max(1.0, self._alone * since / had)
        if since > OTHER * expected:
            return LONGER
        if not 1 / OTHER < expected / self._told < OTHER:
            self._told = expected
        return BUSY.format(duration(self._told)) if self._told != self._seconds else ""
