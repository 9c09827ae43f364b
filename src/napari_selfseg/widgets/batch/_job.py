"""A batch in a worker thread: it leaves the latest look in a mailbox."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_selfseg.widgets.batch._wanted import Wanted
from napari_selfseg.widgets.batch._words import progress
from napari_selfseg.widgets.mailbox import Mailbox
from napari_selfseg.widgets.runner import sentence_of

if TYPE_CHECKING:
    from napari_selfseg.scale import AnyStep, Batch, Entry

__all__ = ["BatchJob", "Look", "Over"]

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """Where a batch is.

    Attributes
    ----------
    entries : tuple of Entry
        What became of each image.
    running : int
        Place of the image at hand; -1 where none is.
    done, total : int
        Iterations, planes or tiles of the image at hand.
    sentence : str
        The same in words.
    """

    entries: tuple[Entry, ...]
    running: int
    done: int
    total: int
    sentence: str

    @property
    def share(self) -> float:
        """How much of the batch is over, 0 to 1."""
        over = sum(each.state != "left" for each in self.entries)
        return (over + self.done / (self.total + 1)) / max(len(self.entries), 1)


@dataclass(frozen=True)
class Over:
    """How a batch ended.

    Attributes
    ----------
    sentence : str
        How many are done, and where they are.
    failed : bool
        Whether nothing could be done at all.
    look : Look or None
        The last one; None when there was none.
    """

    sentence: str
    failed: bool = False
    look: Look | None = None


class BatchJob:
    """One batch from request to end. Call it in a worker thread; the rest is for the window.

    Parameters
    ----------
    wanted : Wanted
        What to do.

    Attributes
    ----------
    mailbox : Mailbox
        The latest `Look`, and `Over` at last.
    """

    def __init__(self, wanted: Wanted) -> None:
        self.mailbox: Mailbox[Look | Over] = Mailbox()
        self._wanted = wanted
        self._batch: Batch | None = None
        self._asked = False
        self._clock = _Clock()

    def stop(self) -> None:
        """Ask to end; what is done is kept, and the image at hand is dropped."""
        self._asked = True
        if batch := self._batch:
            batch.stop()

    def __call__(self) -> None:
        """Do all images. Never raises: an error is told through the mailbox."""
        try:
            batch = self._begin()
            self.mailbox.put(self._look(batch))
            for entry in batch:
                self._clock.count(entry)
                self.mailbox.put(self._look(batch))
            self.mailbox.put(Over(_ending(batch), look=self._look(batch)))
        except Exception as error:
            if not isinstance(error, ValueError | MemoryError | OSError):
                logger.exception("The batch failed")
            look = None if self._batch is None else self._look(self._batch)
            self.mailbox.put(Over(sentence_of(error, "The batch"), failed=True, look=look))
        finally:
            self._batch = None

    def _begin(self) -> Batch:
        from napari_selfseg.scale import Batch

        wanted = self._wanted
        batch = Batch(
            wanted.collect(),
            wanted.recipe,
            wanted.folder,
            resume=True,
            preview=wanted.preview,
            memory=wanted.memory,
            seen=self._see,
            device=wanted.device,
            threads=wanted.threads,
        )
        self._batch = batch
        # Whoever asked before there was a batch found none to ask.
        if self._asked:
            batch.stop()
        return batch

    def _see(self, number: int, step: AnyStep) -> None:
        # Only a reader who is ready is worth a look.
        if self._batch is not None and self.mailbox.empty:
            self.mailbox.put(self._look(self._batch, number, step))

    def _look(self, batch: Batch, number: int = -1, step: AnyStep | None = None) -> Look:
        from napari_selfseg.scale import reached

        entries = batch.entries
        if step is None:
            return Look(entries, -1, 0, 0, progress(entries, "", self._clock.left(entries, 0)))
        what, done, total = reached(step)
        left = self._clock.left(entries, done / (total + 1))
        words = progress(entries, f"{what} {done} of {total}", left)
        return Look(entries, number, done, total, words)


class _Clock:
    """Time left, from the time the images so far took; those made before took none."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._worked = 0

    def count(self, entry: Entry) -> None:
        """Note that an image is over."""
        if entry.before or entry.state == "failed":
            return
        self._worked += 1

    def left(self, entries: tuple[Entry, ...], share: float) -> float:
        """Return seconds, nan while that cannot be said."""
        worked = self._worked + share
        if worked < 0.5:
            return math.nan
        remaining = sum(each.state == "left" for each in entries) - share
        return (time.monotonic() - self._began) * remaining / worked


def _ending(batch: Batch) -> str:
    before = sum(each.before for each in batch.entries)
    kept = f" {before} of them had been done before." if before else ""
    return batch.summary[:1].upper() + batch.summary[1:] + kept
