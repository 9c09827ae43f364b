"""A model of a collection of images: trained with checkpoints, resumed, ended when it is stable."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import check_target, load_fit, read_progress, save_fit
from napari_selfseg.pictures.cards import Card
from napari_selfseg.protocol import Fit, Method, Progress, Run, Step, Work, evolve, told
from napari_selfseg.remedies import TRAINED_OTHERWISE

__all__ = ["NothingLeftError", "Trainer"]

# How many checkpoints in a row have to agree before a training counts as stable.
PATIENCE = 3


class NothingLeftError(ValueError):
    """A model that is to be trained on has had all its iterations."""


class Trainer(Work[Step]):
    """Train a method on a collection; iterate to advance.

    A checkpoint is the model file itself, written whole or not at all: whatever kills the process,
    the file holds the last checkpoint with the momenta of the optimiser and the state of the random
    numbers, and training that is resumed from it ends as if it had never been killed.

    Parameters
    ----------
    images : sequence of array_like
        The collection.
    method : Method
        What to train; its iterations are those of the whole training.
    model : path_like
        The file to write, ending in ``.safetensors``.
    every : int
        Iterations between two checkpoints.
    resume : bool
        Go on from the model file where there is one.
    check : sequence of ndarray
        Images beside the collection on which stability is measured; on the collection itself
        where none is given.
    stable : float or None
        Share of pixels, such as 0.99: training ends when that many keep their label over three
        checkpoints in a row. None trains to the end.
    **options
        As for `evolve`: ``channel_axis``, ``mask``, ``device``, ``threads``, ``precision``,
        ``name``.

    Attributes
    ----------
    method : Method
        What is trained.
    run : Run
        The training at hand; its iterations count from where it was resumed.
    before : int
        Iterations made before it was resumed.
    stability : dict of int to float
        Share of pixels with the same label as at the checkpoint before, by iteration.

    Raises
    ------
    ValueError
        When something given cannot be used; the message says what to do.
    NothingLeftError
        When the model that is to be resumed has had all its iterations.
    OSError
        When the model cannot be written, or read.
    """

    def __init__(
        self,
        images: Sequence[Any],
        method: Method,
        model: str | os.PathLike[str],
        *,
        every: int = 10,
        resume: bool = False,
        check: Sequence[NDArray[Any]] = (),
        stable: float | None = None,
        **options: Any,
    ) -> None:
        if every < 1:
            raise ValueError(f"Checkpoints every {every} iterations are none: give 1 or more.")
        self._path = check_target(model, (".safetensors",))
        self.method, self._every, self._stable = method, every, stable
        start = load_fit(self._path) if resume and self._path.is_file() else None
        self.before = 0 if start is None else _done(self._path, start, method)
        self.run: Run = evolve(list(images), self._rest(), start=start, **options)
        self.stability: dict[int, float] = {}
        self._check = list(check)
        known = ("channel_axis", "device", "threads")
        self._how = {key: options[key] for key in known if key in options}
        self._last: list[NDArray[Any]] | None = None

    def __next__(self) -> Step:
        """Advance by one iteration, and keep a checkpoint where it is time.

        Returns
        -------
        Step
            Its iterations count from the beginning of the whole training.
        """
        step = next(self.run)
        if self.run.stopped is not None:
            self._keep()
        # Iteration 0 is the untrained network.
        elif step.iteration and step.iteration % self._every == 0:
            self._look(self._keep(), step)
        done = self.before + step.iteration
        return dataclasses.replace(step, iteration=done, total=self.method.iterations)

    def stop(self) -> None:
        """Ask to end after the current layer; from any thread. The model is still written."""
        self.run.stop()

    def close(self) -> None:
        """End now and free the device; from the thread that iterates."""
        self.run.close()

    @property
    def progress(self) -> Progress:
        """How many iterations the model has had."""
        return Progress("iteration", self.before + self.run.iteration, self.method.updates)

    @property
    def stop_reason(self) -> str:
        """Why it ended, in a sentence; empty while it goes on."""
        return self.run.stop_reason

    def card(self) -> Card:
        """Say what a notebook shows: the first image, with what is learned so far."""
        run = self.run.card()
        title = f"{run.title}, a model in {self._path.name}"
        return dataclasses.replace(run, title=title, **{"bar": None, **told(self)})

    def _rest(self) -> Method:
        rest: Method = self.method.replace(iterations=self.method.iterations - self.before)
        return rest

    def _keep(self) -> Fit:
        state = self.run.training_state
        # The run knows only the iterations that were left; the file is of the whole training.
        fit = dataclasses.replace(self.run.fit, method=self.method, training_state=state)
        done = self.before + self.run.iteration
        save_fit(fit, self._path, done=done)
        return fit

    def _look(self, fit: Fit, step: Step) -> None:
        """Compare with the labels of the checkpoint before, and end where nothing changes."""
        if self._check:
            labels = [fit.predict(each, **self._how) for each in self._check]
        else:
            labels = [step.votes.cpu().numpy()]
        if self._last is not None:
            pairs = zip(labels, self._last, strict=True)
            same = float(np.mean([np.mean(now == then) for now, then in pairs]))
            self.stability[self.before + step.iteration] = same
        self._last = labels
        recent = list(self.stability.values())[-PATIENCE:]
        if self._stable is not None and len(recent) == PATIENCE and min(recent) >= self._stable:
            self.run.stop()


def _done(path: Path, start: Fit, method: Method) -> int:
    """Return how many iterations a model has had."""
    known = start.method.replace(iterations=method.iterations)
    if known != method:
        raise ValueError(f"{path.name} was trained with other parameters: {TRAINED_OTHERWISE}.")
    done = read_progress(path)
    if done >= method.iterations:
        raise NothingLeftError(
            f"{path.name} has had its {done} iterations: ask for more of them to train on."
        )
    return done
