"""A batch in a worker thread: it leaves the latest snapshot in a mailbox."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_selfseg.widgets.batch._request import BatchRequest
from napari_selfseg.widgets.batch._words import progress
from napari_selfseg.widgets.work.work_job import JobEnd, WorkJob

if TYPE_CHECKING:
    from napari_selfseg.protocol import WorkStep
    from napari_selfseg.scale import Batch, Entry

__all__ = ["BatchJob", "Snapshot"]


@dataclass(frozen=True)
class Snapshot:
    """How far a batch is.

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


class BatchJob(WorkJob):
    """One batch."""

    what = "The batch"

    def __init__(self, request: BatchRequest) -> None:
        super().__init__()
        self._request = request
        self._clock = _Clock()

    def _do(self) -> JobEnd[Snapshot]:
        with self._steered(self._begun()) as batch:
            self.mailbox.put(self._snapshot(batch))
            self._go_through(batch, lambda entry: self._see_ended(batch, entry))
        return JobEnd(_ending(batch), snapshot=self._snapshot(batch))

    def _see_ended(self, batch: Batch, entry: Entry) -> None:
        self._clock.count(entry)
        self.mailbox.put(self._snapshot(batch))

    def _last_snapshot(self) -> Snapshot | None:
        return None if self._work is None else self._snapshot(self._work)

    def _begun(self) -> Batch:
        from napari_selfseg.scale import Batch

        request = self._request
        return Batch(
            request.collect(),
            request.recipe,
            request.folder,
            resume=True,
            preview=request.preview,
            into_image=request.into_image,
            memory=request.memory,
            seen=self._see,
            device=request.device,
            threads=request.threads,
        )

    def _see(self, number: int, step: WorkStep) -> None:
        # Only a reader who is ready is worth a snapshot.
        if self._work is not None and self.mailbox.empty:
            self.mailbox.put(self._snapshot(self._work, number, step))

    def _snapshot(self, batch: Batch, number: int = -1, step: WorkStep | None = None) -> Snapshot:
        entries = batch.entries
        if step is None:
            return Snapshot(entries, -1, 0, 0, progress(entries, "", self._clock.left(entries, 0)))
        what, done, total = step.progress
        left = self._clock.left(entries, done / (total + 1))
        words = progress(entries, f"{what} {done} of {total}", left)
        return Snapshot(entries, number, done, total, words)


class _Clock:
    """Time left, from the time the images so far took; those made before, or failed, took none."""

    def __init__(self) -> None:
        self._began = self._turned = time.monotonic()
        self._worked = 0

    def count(self, entry: Entry) -> None:
        """Note that an image is over."""
        turned, self._turned = self._turned, time.monotonic()
        if entry.before or entry.state == "failed":
            # It was read all the same, which says nothing about the others.
            self._began += self._turned - turned
        else:
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
