"""The training of one fit: advance it by an update, end it in one of five ways, close it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from napari_selfseg.convolving import recording_ways
from napari_selfseg.machine.buffers import Buffers, reusing
from napari_selfseg.machine.memory import release_freed_memory
from napari_selfseg.protocol._fit import Fit, small
from napari_selfseg.protocol._given._device import limited_threads
from napari_selfseg.protocol._given._failures import explained, explaining
from napari_selfseg.protocol._given._scaling import Scaling
from napari_selfseg.protocol._method._control import Control, Interrupted
from napari_selfseg.protocol._method._inputs import Inputs
from napari_selfseg.protocol._method._method import Method
from napari_selfseg.protocol._method._step import Step, Stop
from napari_selfseg.protocol._results import _endings as endings
from napari_selfseg.protocol._schedules._stopping import Settled
from napari_selfseg.regions import vote

__all__ = ["Training"]


class Training:
    """A method at work on its network, which is let go of at the end.

    Parameters
    ----------
    method : Method
        What to run.
    network : torch.nn.Module
        On the device.
    inputs : Inputs
        On the device.
    scaling : Scaling
        How the images were read.
    threads : int
        CPU threads to use.
    ways : dict of str to str
        Where the ways of the gradients are noted.

    Attributes
    ----------
    control : Control
        Counts the updates, and is asked to stop.
    stopped : Stop or None
        Why it ended; None while it goes on.
    """

    def __init__(
        self,
        method: Method,
        network: nn.Module,
        inputs: Inputs,
        scaling: Scaling,
        threads: int,
        ways: dict[str, str],
    ) -> None:
        self.control: Control = inputs.control
        self.stopped: Stop | None = None
        self._method = method
        self._network: nn.Module | None = network
        self._inputs: Inputs | None = inputs
        self._scaling = scaling
        self._threads = threads
        self._ways = ways
        self._fit: Fit | None = None
        self._state = inputs.state
        self._settled = Settled()
        self._buffers = Buffers()
        self.control.watch(network)
        self._steps = method.steps(network, inputs)

    def advance(self) -> Step | None:
        """Take one step; the last one is the closing step.

        None when it was abandoned, and has ended.

        `OutOfMemory` and `DeviceLost` say that the machine refused.
        """
        try:
            with limited_threads(self._threads), _gradients(), self._watched():
                return self._step()
        except Interrupted:
            self.end(endings.abandoned(self.control.done))
            return None
        except Exception as error:
            meant = explained(error)
            self.end(endings.failed(self.control.done, meant))
            if meant is error:
                raise
            raise meant from error

    @contextmanager
    def _watched(self) -> Iterator[None]:
        with reusing(self._buffers), recording_ways(self._ways):
            yield

    def end(self, stop: Stop) -> None:
        """Say why, and let go of the network and its inputs."""
        self.stopped = stop
        self._steps.close()
        self._state.let_go()
        self._settled = Settled()
        self._network = self._inputs = None
        self._buffers = Buffers()

    @property
    def fit(self) -> Fit:
        """What was learned so far; see `Run.fit`."""
        if self._fit is not None:
            return self._fit
        network, inputs = self._network, self._inputs
        if network is None or inputs is None:
            raise ValueError(f"There is no fit: {self.stopped.sentence if self.stopped else ''}")
        with explaining(), limited_threads(self._threads):
            return self._closed(network, inputs)[0]

    @property
    def training_state(self) -> dict[str, Tensor]:
        """What training needs beside the weights to go on."""
        return self._state.read()

    def _step(self) -> Step:
        try:
            # Asked before the next update: the labels shown are those of the updates made.
            if stop := self._settled.stop(self.control.done):
                return self._closing(stop)
            step = next(self._steps)
            self._watch(step)
            return self._as_drawn(step)
        except StopIteration as finished:
            return self._closing(finished.value)
        # Asked to stop: the update that was begun is dropped, what was learned is closed.
        except Interrupted:
            return self._closing(None)

    def _watch(self, step: Step) -> None:
        if self._inputs is not None:
            least = self._method.settles(step.iteration)
            self._settled.note(step.votes, least, self._inputs)

    def _as_drawn(self, step: Step) -> Step:
        """Let strokes decide where they lie, whatever the network says."""
        return dataclasses.replace(step, votes=self._decided(step.votes))

    def _decided(self, votes: Tensor) -> Tensor:
        # Strokes name classes, and an object is none.
        if self._inputs is None or self._method.instances:
            return votes
        return self._inputs.as_drawn(votes)

    def _closing(self, stop: Stop | None) -> Step:
        """Freeze what was learned: the final labels are those of the fit, then the vote."""
        if self._network is None or self._inputs is None:
            raise Interrupted
        # The last forward has maps of its own, at a time when nothing needs those of an update.
        self._steps.close()
        self._buffers.give_back()
        release_freed_memory()
        self._fit, votes = self._closed(self._network, self._inputs)
        votes = self._decided(votes)
        ballots = self._method.ballots(self._network)
        trees = self._method.hierarchies(self._network)
        # Before the network is let go of, which `end` does.
        self._state.keep()
        done, total = self.control.done, self._method.updates
        stop = stop or endings.completed(done, total)
        self.end(endings.counted(stop, votes) if self._method.instances else stop)
        classes = torch.tensor(len(self._fit.classes))
        return Step(done, total, votes, classes, {}, ballots, trees)

    def _closed(self, network: nn.Module, inputs: Inputs) -> tuple[Fit, Tensor]:
        """Freeze the statistics, keep the weights, and vote as in `Step`.

        What the fit predicts on an image of the run is these labels before the vote.
        """
        method = self._method
        with inputs.control.closing():
            raw = method.freeze(network, inputs)
        seen = raw if inputs.valid is None else raw[inputs.valid[:, 0]]
        fit = Fit(
            method=method,
            in_channels=inputs.x.shape[1],
            ndim=inputs.x.ndim - 2,
            scaling=self._scaling,
            classes=tuple(int(each) + 1 for each in torch.unique(seen).tolist() if each >= 0),
            weights={name: each.cpu().clone() for name, each in network.state_dict().items()},
        )
        return fit, small(_voted(raw, inputs, method.n_classes), method.n_classes)


def _voted(raw: Tensor, inputs: Inputs, n_classes: int) -> Tensor:
    if inputs.index is not None:
        return vote(raw, inputs.index, inputs.n_regions, n_classes)
    return raw + 1 if inputs.valid is None else (raw + 1) * inputs.valid[:, 0]


@contextmanager
def _gradients() -> Iterator[None]:
    """Compute gradients, also where the caller has switched them off."""
    with torch.inference_mode(False), torch.enable_grad():
        yield
