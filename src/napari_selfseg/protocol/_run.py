"""A run: an evolution that can be stepped, stopped, and read at any moment."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_selfseg.machine.memory import release_freed_device_memory, release_freed_memory
from napari_selfseg.pictures.cards import Card
from napari_selfseg.protocol._fit import Fit
from napari_selfseg.protocol._given._scaling import Scaling
from napari_selfseg.protocol._method._finish import Finish
from napari_selfseg.protocol._method._inputs import Inputs
from napari_selfseg.protocol._method._method import Method
from napari_selfseg.protocol._method._step import Step, Stop
from napari_selfseg.protocol._results import _endings as endings
from napari_selfseg.protocol._results._outlining import Outlining
from napari_selfseg.protocol._results._run_card import counted_labels, run_rows
from napari_selfseg.protocol._results._run_results import RunResults
from napari_selfseg.protocol._training import Training
from napari_selfseg.work import Progress, Work, told

__all__ = ["Run"]


class Run(RunResults, Work[Step]):
    """The evolution of one fit: iterate it to advance, read it whenever you like.

    Made by `evolve`; every result stays valid after a stop, a failure and the end.

    Attributes
    ----------
    method : Method
        What runs.
    superpixels : tuple of ndarray or None
        Superpixels of each image, int32 from 1; None where the method uses none.
    scribbles : tuple of ndarray or None
        Classes from 1 drawn on each image; None where nothing was.
    threads : int
        CPU threads in use.
    finished_as : Finish or None
        What labels become that leave the run.
    level : float
        Height of borders at which the consensus is cut when nobody says where.
    provenance : mapping
        What its record says from the beginning.
    """

    def __init__(
        self,
        method: Method,
        network: nn.Module,
        inputs: Inputs,
        *,
        scaling: Scaling,
        shapes: Sequence[tuple[int, ...]],
        superpixels: Sequence[NDArray[np.int32]] | None,
        scribbles: Sequence[NDArray[Any] | None],
        provenance: Mapping[str, Any],
        outlining: Outlining,
        threads: int,
        after: Run | None = None,
        finish: Finish | None = None,
    ) -> None:
        super().__init__(
            method, shapes, superpixels, scribbles, provenance, outlining, after, finish
        )
        self.threads = threads
        self._training = Training(
            method, network, inputs, scaling, threads, provenance.get("ways", {})
        )

    def __next__(self) -> Step:
        """Advance by one iteration.

        Returns
        -------
        Step
            The last one of a run is its closing step: the labels of the fit.

        Raises
        ------
        OutOfMemory, DeviceLost
            When memory ran out or the device failed; what was found before, and can still be
            read, is kept.
        """
        if self.stopped is not None:
            raise StopIteration
        try:
            if (step := self._training.advance()) is None:
                raise StopIteration
            self._history.add(step.iteration, step.votes)
            self._losses.add(step.iteration, step.losses)
            self._votes.add(step.ballots)
            self._trees = step.hierarchies or self._trees
            return step
        finally:
            if self.stopped is not None:
                self._settle()

    def stop(self) -> None:
        """Ask to end after the current layer; from any thread. The closing step still follows."""
        self._training.control.stop()

    def abandon(self) -> None:
        """Ask to end after the current layer, with no closing step; from any thread."""
        self._training.control.abandon()

    def close(self) -> None:
        """End now and free the device, with no closing step; from the thread that iterates."""
        self._training.control.abandon()
        if self.stopped is None:
            self._training.end(endings.abandoned(self.iteration))
            self._settle()

    @property
    def stop_reason(self) -> str:
        """Why the run ended, in a sentence; empty while it goes on."""
        return self.stopped.sentence if self.stopped else ""

    @property
    def stopped(self) -> Stop | None:
        """Why the run ended; None while it goes on."""
        return self._training.stopped

    @property
    def iteration(self) -> int:
        """Updates made so far."""
        return self._training.control.done

    @property
    def progress(self) -> Progress:
        """How many updates are made."""
        return Progress("iteration", self.iteration, self.method.updates)

    @property
    def fit(self) -> Fit:
        """What was learned so far, with the statistics of a closing forward.

        Raises
        ------
        ValueError
            When the run was ended without one.
        """
        return self._training.fit

    def card(self) -> Card:
        """Say what a notebook shows of the run, at any moment.

        Labels are outlined and finished once the run has ended.
        """
        rows = run_rows(self.method, self.provenance)
        labels, picture = self._found(), None
        if labels is not None:
            finished = self.finished_as is not None and self.stopped is not None
            objects = self.method.instances or finished
            rows.append(counted_labels(labels, objects=objects))
            picture = self._outlining.pictured(labels)
        return Card(self.method.title, rows, picture, **told(self))

    def pictured(self, labels: NDArray[Any], image: int = 0) -> NDArray[np.uint8]:
        """Draw labels over an image of this run, such as a cut, for a screen.

        Parameters
        ----------
        labels : ndarray of int
            ``(*spatial)``, 0 shows the image alone.
        image : int
            Which image; where it was changed since, labels are drawn alone.

        Returns
        -------
        ndarray of uint8
            ``(y, x, 3)``, the middle plane of a volume; large images have fewer pixels.
        """
        return self._outlining.pictured(labels, image)

    def _found(self) -> NDArray[Any] | None:
        if not self.iterations:
            return None
        if self.stopped is not None:
            with contextlib.suppress(ValueError):  # an image that was changed since
                return self.labels()
        return self.project(self._history.find(None)[1])

    @property
    def training_state(self) -> dict[str, Tensor]:
        """What a file needs beside the weights, for training to go on from it."""
        return self._training.training_state

    def _settle(self) -> None:
        """Move what is kept to the computer's memory, and free the device's."""
        self._history.to_host()
        self._losses.to_host()
        self._votes.to_host()
        release_freed_memory()
        release_freed_device_memory()
