"""A training in a worker thread: it leaves the latest look in a mailbox."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.mailbox import Mailbox
from napari_selfseg.widgets.runner import sentence_of
from napari_selfseg.widgets.train._wanted import Collection, Wanted
from napari_selfseg.widgets.words import Pace, progress

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit, Step
    from napari_selfseg.scale import Trainer

__all__ = ["Look", "Over", "TrainingJob"]

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """Where a training is.

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


@dataclass(frozen=True)
class Over:
    """How a training ended.

    Attributes
    ----------
    sentence : str
        Why, and where the model is.
    failed : bool
        Whether it is an error.
    look : Look or None
        The last one; None when there was none.
    fit : Fit or None
        What was learned; None when nothing was.
    """

    sentence: str
    failed: bool = False
    look: Look | None = None
    fit: Fit | None = None


class TrainingJob:
    """One training from request to end. Call it in a worker thread; the rest is for the window.

    Parameters
    ----------
    wanted : Wanted
        What to train.

    Attributes
    ----------
    mailbox : Mailbox
        The latest `Look`, and `Over` at last.
    """

    def __init__(self, wanted: Wanted) -> None:
        self.mailbox: Mailbox[Look | Over] = Mailbox()
        self._wanted = wanted
        self._trainer: Trainer | None = None
        self._asked = False

    def stop(self) -> None:
        """Ask to end; the model is written all the same."""
        self._asked = True
        if trainer := self._trainer:
            trainer.stop()

    def __call__(self) -> None:
        """Train to the end. Never raises: an error is told through the mailbox."""
        try:
            found = self._wanted.collect()
            trainer = self._begin(found)
            last = self._drain(trainer, found)
            self.mailbox.put(self._over(trainer, last))
        except Exception as error:
            if not isinstance(error, ValueError | MemoryError | OSError):
                logger.exception("The training failed")
            self.mailbox.put(Over(sentence_of(error, "The training"), failed=True))
        finally:
            self._trainer = None

    def _begin(self, found: Collection) -> Trainer:
        from napari_selfseg.scale import Trainer

        wanted = self._wanted
        trainer = Trainer(
            found.images,
            wanted.method,
            wanted.model,
            every=wanted.every,
            resume=wanted.resume,
            stable=wanted.stable,
            channel_axis=found.channel_axis,
            device=wanted.device,
            threads=wanted.threads,
            name=found.names,
        )
        self._trainer = trainer
        # Whoever asked before there was a trainer found none to ask.
        if self._asked:
            trainer.stop()
        return trainer

    def _drain(self, trainer: Trainer, found: Collection) -> Look | None:
        pace = Pace(trainer.method.iterations)
        look = None
        for step in trainer:
            left = pace.left(step.iteration, time.monotonic())
            # Only a reader who is ready is worth a label map; the last one comes with the end.
            if self.mailbox.empty or trainer.run.stopped is not None:
                look = self._look(trainer, found, step, left)
                self.mailbox.put(look)
        return look

    def _look(self, trainer: Trainer, found: Collection, step: Step, left: float) -> Look:
        labels = _assembled(trainer, found, step)
        losses = {name: float(value) for name, value in step.losses.items()}
        loss = sum(losses.values()) if losses else math.nan
        n_labels = len(np.unique(labels[labels > 0]))
        words = progress(step.iteration, step.total, n_labels, n_labels, loss, left)
        if trainer.stability:
            share = 100 * list(trainer.stability.values())[-1]
            words += f" - {share:.1f} % of pixels kept their label"
        return Look(step.iteration, step.total, labels, losses, words, found.first)

    def _over(self, trainer: Trainer, look: Look | None) -> Over:
        from napari_selfseg.io import load_fit

        saved = f"{trainer.stop_reason} The model is in {self._wanted.model}"
        return Over(saved, look=look, fit=load_fit(self._wanted.model))


def _assembled(trainer: Trainer, found: Collection, step: Step) -> NDArray[Any]:
    """Put the label maps of the tiles that are shown together."""
    whole: NDArray[Any] | None = None
    for number, spot in found.shown.items():
        part = trainer.run.project(step.votes, image=number)
        whole = np.zeros(found.shape, part.dtype) if whole is None else whole
        whole[spot] = part
    return np.zeros(found.shape, np.uint8) if whole is None else whole
