"""A training in a worker thread: it leaves the latest snapshot in a mailbox."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.model.words import Pace, progress
from napari_selfseg.widgets.train._request import Collection, TrainingRequest
from napari_selfseg.widgets.work.work_job import JobEnd, WorkJob

if TYPE_CHECKING:
    from napari_selfseg.protocol import Step
    from napari_selfseg.scale import Trainer

__all__ = ["Snapshot", "TrainingJob"]


@dataclass(frozen=True)
class Snapshot:
    """How far a training is.

    Attributes
    ----------
    iteration, total : int
        Made, and to be made at most.
    labels : ndarray
        Of the plane shown.
    losses : dict of str to float
        Terms of the loss.
    sentence : str
        The same in words.
    first : ndarray or None
        The plane shown, where it is in no layer yet.
    """

    iteration: int
    total: int
    labels: NDArray[Any]
    losses: dict[str, float]
    sentence: str
    first: NDArray[Any] | None


class TrainingJob(WorkJob):
    """One training; its model is written also when it is asked to end."""

    what = "The training"

    def __init__(self, request: TrainingRequest) -> None:
        super().__init__()
        self._request = request
        self._latest: Snapshot | None = None

    def _do(self) -> JobEnd[Snapshot]:
        found = self._request.collect()
        with self._steered(self._begun(found)) as trainer:
            pace = Pace(trainer.method.iterations)
            self._go_through(trainer, lambda step: self._see(trainer, found, step, pace))
        sentence = f"{trainer.stop_reason} The model is in {self._request.model}"
        return JobEnd(sentence, snapshot=self._latest)

    def _begun(self, found: Collection) -> Trainer:
        from napari_selfseg.scale import Trainer

        request = self._request
        return Trainer(
            found.images,
            request.method,
            request.model,
            every=request.every,
            resume=request.resume,
            stable=request.stable,
            channel_axis=found.channel_axis,
            mask=found.mask,
            device=request.device,
            threads=request.threads,
            name=found.names,
        )

    def _see(self, trainer: Trainer, found: Collection, step: Step, pace: Pace) -> None:
        left = pace.left(step.iteration, time.monotonic())
        # Only a reader who is ready is worth a label map; the last one comes with the end.
        if self.mailbox.empty or trainer.run.stopped is not None:
            self._latest = self._snapshot(trainer, found, step, left)
            self.mailbox.put(self._latest)

    def _snapshot(self, trainer: Trainer, found: Collection, step: Step, left: float) -> Snapshot:
        labels = _assembled(trainer, found, step)
        losses = {name: float(value) for name, value in step.losses.items()}
        loss = sum(losses.values()) if losses else math.nan
        n_labels = len(np.unique(labels[labels > 0]))
        words = progress(step.iteration, step.total, n_labels, n_labels, loss, left)
        if trainer.stability:
            share = 100 * list(trainer.stability.values())[-1]
            words += f" - {share:.1f} % of pixels kept their label"
        return Snapshot(step.iteration, step.total, labels, losses, words, found.first)


def _assembled(trainer: Trainer, found: Collection, step: Step) -> NDArray[Any]:
    """Put the label maps of the tiles that are shown together."""
    whole: NDArray[Any] | None = None
    for number, spot in found.shown.items():
        part = trainer.run.project(step.votes, image=number)
        whole = np.zeros(found.shape, part.dtype) if whole is None else whole
        whole[spot] = part
    return np.zeros(found.shape, np.uint8) if whole is None else whole
