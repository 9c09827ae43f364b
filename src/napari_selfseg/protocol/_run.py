"""A run: an evolution that can be stepped, stopped, and read at any moment."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_selfseg.memory import release_freed_memory
from napari_selfseg.protocol._closing import closing_forward
from napari_selfseg.protocol._control import Interrupted
from napari_selfseg.protocol._device import limited_threads, out_of_memory
from napari_selfseg.protocol._fit import Fit, label_dtype
from napari_selfseg.protocol._history import History
from napari_selfseg.protocol._inputs import Inputs
from napari_selfseg.protocol._method import Method, Step, Stop
from napari_selfseg.protocol._scaling import Scaling

__all__ = ["OutOfMemory", "Run"]

HISTORY_BYTES = 256 << 20


class OutOfMemory(MemoryError):  # noqa: N818 - the word everybody knows
    """The device or the computer has not enough memory for this run."""


class Run(Iterator[Step]):
    """The evolution of one fit: iterate it to advance, read it whenever you like.

    Made by `evolve`; every result stays valid after a stop, a failure and the end.

    Attributes
    ----------
    method : Method
        What runs.
    superpixels : tuple of ndarray or None
        Superpixels of each image, int32 from 1; None where the method uses none.
    threads : int
        CPU threads in use.
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
        provenance: Mapping[str, Any],
        threads: int,
    ) -> None:
        self.method = method
        self.superpixels = None if superpixels is None else tuple(superpixels)
        self.threads = threads
        self._network: nn.Module | None = network
        self._inputs: Inputs | None = inputs
        self._control = inputs.control
        self._scaling = scaling
        self._shapes = tuple(shapes)
        self._provenance = provenance
        self._history = History(HISTORY_BYTES)
        self._losses: dict[str, dict[int, Tensor | float]] = {}
        self._fit: Fit | None = None
        self._stop: Stop | None = None
        self._control.watch(network)
        self._steps = method.steps(network, inputs)

    def __iter__(self) -> Run:
        return self

    def __next__(self) -> Step:
        """Advance by one iteration.

        Returns
        -------
        Step
            The last one of a run is its closing step: the labels of the fit.

        Raises
        ------
        OutOfMemory
            When memory ran out; what was found before is kept.
        """
        if self._stop is not None:
            raise StopIteration
        with limited_threads(self.threads):
            step = self._advance()
        self._keep(step)
        if self._stop is not None:
            self._release()
        return step

    def finish(self) -> Run:
        """Run to the end.

        Returns
        -------
        Run
            Itself.
        """
        deque(self, maxlen=0)
        return self

    def stop(self) -> None:
        """Ask to end after the current layer; from any thread. The closing step still follows."""
        self._control.stop()

    def abandon(self) -> None:
        """Ask to end after the current layer, with no closing step; from any thread."""
        self._control.abandon()

    def close(self) -> None:
        """End now and free the device, with no closing step; from the thread that iterates."""
        self._control.abandon()
        if self._stop is None:
            self._end_abandoned()

    @property
    def stop_reason(self) -> str:
        """Why the run ended, in a sentence; empty while it goes on."""
        return self._stop.sentence if self._stop else ""

    @property
    def stopped(self) -> Stop | None:
        """Why the run ended; None while it goes on."""
        return self._stop

    @property
    def iteration(self) -> int:
        """Updates made so far."""
        return self._control.done

    @property
    def iterations(self) -> tuple[int, ...]:
        """Iterations whose labels are kept; 0 is the untrained network."""
        return self._history.iterations

    @property
    def losses(self) -> dict[str, dict[int, float]]:
        """Every loss term by iteration."""
        return {
            name: {t: float(value) for t, value in list(values.items())}
            for name, values in list(self._losses.items())
        }

    def labels(self, iteration: int | None = None, *, image: int = 0) -> NDArray[Any]:
        """Return the label map of an iteration.

        Parameters
        ----------
        iteration : int, optional
            One of `iterations`; the last one by default.
        image : int
            Which image, where several were fitted together.

        Returns
        -------
        ndarray of uint8 or uint16
            ``(*spatial)``, labels from 1, 0 where there are no data. A new array every time.

        Raises
        ------
        ValueError
            When that iteration was not kept, or there is no such image or no labels yet.
        """
        return self.project(self._history.find(iteration)[1], image)

    def project(self, votes: Tensor, image: int = 0) -> NDArray[Any]:
        """Turn the votes of a step into a label map.

        Parameters
        ----------
        votes : Tensor
            Of a `Step` of this run.
        image : int
            Which image.

        Returns
        -------
        ndarray of uint8 or uint16
            As `labels`.

        Raises
        ------
        ValueError
            When there is no such image.
        """
        if not 0 <= image < len(self._shapes):
            raise ValueError(f"There is no image {image}: the run has {len(self._shapes)}.")
        values = votes.cpu().numpy().astype(label_dtype(self.method.n_classes))
        if self.superpixels is None:
            return np.ascontiguousarray(values[image][tuple(map(slice, self._shapes[image]))])
        own = self._own_votes(values, image)
        return np.take(own, self.superpixels[image])

    @property
    def fit(self) -> Fit:
        """What was learned so far, with the statistics of a closing forward.

        Raises
        ------
        ValueError
            When the run was ended without one.
        """
        if self._fit is not None:
            return self._fit
        if self._network is None or self._inputs is None:
            raise ValueError(f"There is no fit: {self.stop_reason}")
        with limited_threads(self.threads):
            return self._closed(self._network, self._inputs)[0]

    def record(self, iteration: int | None = None) -> dict[str, Any]:
        """Return all that is needed to make these labels again.

        Parameters
        ----------
        iteration : int, optional
            The iteration that is shown; the last one by default.

        Returns
        -------
        dict
            For `napari_selfseg.record.dumps`.

        Raises
        ------
        ValueError
            When that iteration was not kept.
        """
        return {
            **self._provenance,
            "iterations": self._control.done,
            "shown": self._shown(iteration),
            "stop": None if self._stop is None else dataclasses.asdict(self._stop),
        }

    def _shown(self, iteration: int | None) -> int:
        nothing_yet = iteration is None and not self.iterations
        return 0 if nothing_yet else self._history.find(iteration)[0]

    def _advance(self) -> Step:
        try:
            try:
                return next(self._steps)
            except StopIteration as end:
                return self._closing(end.value)
            except Interrupted:
                return self._closing(None)
        except Interrupted:
            self._end_abandoned()
            raise StopIteration from None
        except Exception as error:
            self._fail(error)
            raise

    def _closing(self, stop: Stop | None) -> Step:
        """Freeze what was learned: the final labels are those of the fit, then the vote."""
        if self._network is None or self._inputs is None:
            raise Interrupted
        self._fit, votes = self._closed(self._network, self._inputs)
        self._stop = stop or self._why()
        raw_labels = torch.tensor(len(self._fit.classes))
        return Step(self._control.done, self.method.iterations, votes, raw_labels, {})

    def _closed(self, network: nn.Module, inputs: Inputs) -> tuple[Fit, Tensor]:
        return closing_forward(self.method, network, inputs, self._scaling)

    def _why(self) -> Stop:
        done = self._control.done
        if done < self.method.iterations:
            return Stop("asked", f"Stopped when asked, after {done} iterations.")
        return Stop("finished", f"All {done} iterations are done.")

    def _own_votes(self, values: NDArray[Any], image: int) -> NDArray[Any]:
        # Superpixels are numbered through all images of a fit; each image has its own stretch.
        counts = [int(each.max()) for each in self.superpixels or ()]
        start = sum(counts[:image])
        return np.concatenate((values[:1], values[start + 1 : start + counts[image] + 1]))

    def _keep(self, step: Step) -> None:
        self._history.add(step.iteration, step.votes)
        for name, value in step.losses.items():
            self._losses.setdefault(name, {})[step.iteration] = value

    def _fail(self, error: Exception) -> None:
        full = out_of_memory(error)
        reason = "not enough memory." if full else str(error) or type(error).__name__
        self._stop = Stop("failed", f"The run failed after {self.iteration} iterations: {reason}")
        self._release()
        if full:
            raise OutOfMemory(
                "Not enough memory for this run: use fewer channels, a smaller part of the image, "
                "or another device."
            ) from error

    def _end_abandoned(self) -> None:
        done = self._control.done
        self._stop = Stop("abandoned", f"Ended without a closing pass, after {done} iterations.")
        self._release()

    def _release(self) -> None:
        self._history.to_host()
        self._losses = {
            name: {t: float(value) for t, value in values.items()}
            for name, values in self._losses.items()
        }
        self._steps.close()
        self._network = self._inputs = None
        release_freed_memory()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
