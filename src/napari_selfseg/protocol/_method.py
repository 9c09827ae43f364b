"""What a method is: parameters, and a generator that yields a light step per iteration."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_selfseg.hierarchy import LEVEL
from napari_selfseg.parameters import Parameters, parameter
from napari_selfseg.protocol._cost import Cost, Problem
from napari_selfseg.protocol._inputs import Inputs

__all__ = ["Ballot", "Method", "Smoothing", "Step", "Stop", "SuperpixelAlgorithm"]


class Ballot(NamedTuple):
    """A label map that counts in a consensus.

    Attributes
    ----------
    family : str
        Maps that belong together count as one.
    votes : Tensor
        As in `Step`.
    """

    family: str
    votes: Tensor


@dataclass(frozen=True)
class Step:
    """What one iteration found. Nothing is copied to the host until it is read.

    Attributes
    ----------
    iteration : int
        Number of updates behind these labels: 0 is the untrained network.
    total : int
        Number of updates the run is going to make at most.
    votes : Tensor
        Small integers counted from 1, 0 where there are no data: one a superpixel, ``(n + 1,)``,
        or one a pixel, ``(N, *spatial)``, where the method uses no superpixels.
    raw_labels : Tensor
        0-d, number of labels that some pixel had before the vote.
    losses : mapping of str to Tensor
        0-d, every term of the loss, weighted as in the sum; empty for the closing step.
    ballots : tuple of Ballot
        Label maps for the consensus, of a method that finds others than those it shows.
    """

    iteration: int
    total: int
    votes: Tensor
    raw_labels: Tensor
    losses: Mapping[str, Tensor]
    ballots: tuple[Ballot, ...] = ()

    @property
    def loss(self) -> float:
        """Sum of the loss terms; nan for the closing step, which has none."""
        return float(sum(map(float, self.losses.values()))) if self.losses else float("nan")

    @property
    def n_labels(self) -> int:
        """Number of labels after the vote, as the user sees it."""
        return int(torch.unique(self.votes[self.votes > 0]).numel())

    @property
    def n_raw_labels(self) -> int:
        """Number of labels before the vote, as `min_labels` tests it."""
        return int(self.raw_labels)


@dataclass(frozen=True)
class Stop:
    """Why a run ended.

    Attributes
    ----------
    kind : str
        ``"finished"``, ``"min_labels"``, ``"asked"``, ``"abandoned"`` or ``"failed"``.
    sentence : str
        The same for a person.
    """

    kind: str
    sentence: str


class SuperpixelAlgorithm(Protocol):
    """What the protocol needs of a superpixel algorithm."""

    def __call__(
        self,
        image: NDArray[np.float32],
        *,
        spacing: tuple[float, ...] | None = None,
        mask: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.int32]:
        """Label an image ``(*spatial, C)``; see `napari_selfseg.superpixels.Superpixels`."""

    def as_dict(self) -> dict[str, Any]:
        """Return name and parameters."""


@runtime_checkable
class Smoothing(Protocol):
    """A method whose network also smooths images within superpixels."""

    def smoothed(self, network: nn.Module, x: Tensor, valid: Tensor | None) -> Tensor:
        """Return the smoothed image, ``(N, C, *spatial)`` as `x`, between 0 and 1."""


class Method(Parameters, ABC):
    """A method of segmentation: its parameters, its network and its iteration.

    Attributes
    ----------
    citation, doi : str
        The paper.
    ndims : tuple of int
        Supported numbers of spatial dimensions.
    stride : int
        Alignment that tiles need, in pixels.
    segments : bool
        Whether labels are segments of the superpixels, which a prediction then depends on, and not
        classes of pixels.
    classifies_regions : bool
        Whether superpixels are classified as they are, so that a prediction depends on them.
    seed : int
        Seed of everything random in a run.
    iterations : int
        Updates at most.
    """

    citation: ClassVar[str]
    doi: ClassVar[str]
    ndims: ClassVar[tuple[int, ...]] = (2, 3)
    stride: ClassVar[int] = 1
    segments: ClassVar[bool] = False
    classifies_regions: ClassVar[bool] = False

    iterations: int = parameter(100, "Updates at most.", minimum=1, maximum=100_000)
    seed: int = parameter(
        0,
        "Seed of the run: the same seed gives the same labels again.",
        minimum=0,
        maximum=2**31 - 1,
    )

    @property
    @abstractmethod
    def n_classes(self) -> int:
        """Number of classes a label can name."""

    @property
    @abstractmethod
    def reach(self) -> int | None:
        """Receptive field to each side in pixels; None when the whole image matters."""

    @property
    def level(self) -> float:
        """Height of borders at which the consensus of a run is cut when nobody says where."""
        return LEVEL

    @abstractmethod
    def default_superpixels(self) -> SuperpixelAlgorithm | None:
        """Return the superpixels used when none are given; None when the method uses none."""

    @abstractmethod
    def cost(self, problem: Problem) -> Cost:
        """Say what an iteration takes, for an estimate before a run.

        Parameters
        ----------
        problem : Problem
            Sizes and precision.

        Returns
        -------
        Cost
        """

    def cost_to_predict(self, problem: Problem) -> Cost:
        """Say what labelling an image with a fit takes: about an iteration, unless overridden.

        Parameters
        ----------
        problem : Problem
            Of that image.

        Returns
        -------
        Cost
        """
        return self.cost(problem)

    @abstractmethod
    def network(self, in_channels: int, ndim: int, generator: torch.Generator) -> nn.Module:
        """Build the initialised network without touching the global generators.

        Parameters
        ----------
        in_channels : int
            Channels of the image.
        ndim : int
            2 or 3 spatial dimensions.
        generator : torch.Generator
            Of the CPU, so that every device starts from the same weights.

        Returns
        -------
        torch.nn.Module
        """

    @abstractmethod
    def steps(self, network: nn.Module, inputs: Inputs) -> Generator[Step, None, Stop | None]:
        """Iterate. The loop counts with ``inputs.control.iterations`` and never waits for the host.

        Parameters
        ----------
        network : torch.nn.Module
            From `network`, on the device, perhaps with the weights of a `Fit`.
        inputs : Inputs
            Image, superpixels, scribbles.

        Yields
        ------
        Step
            Before the update it leads to.

        Returns
        -------
        Stop or None
            Why the loop ended, when not because all iterations were done.
        """

    @abstractmethod
    def freeze(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Run the closing forward: freeze the statistics in the network's buffers.

        Parameters
        ----------
        network : torch.nn.Module
            As trained.
        inputs : Inputs
            As in `steps`.

        Returns
        -------
        Tensor
            ``(N, *spatial)`` classes from 0, exactly those `predict` gives on the same images.
        """

    @abstractmethod
    def predict(
        self, network: nn.Module, x: Tensor, valid: Tensor | None, index: Tensor | None = None
    ) -> Tensor:
        """Classify with frozen weights and statistics.

        Parameters
        ----------
        network : torch.nn.Module
            As frozen.
        x : Tensor
            ``(N, C, *spatial)`` scaled image.
        valid : Tensor or None
            ``(N, 1, *spatial)`` bool, True where there are data; None when that is everywhere.
        index : Tensor or None
            ``(N, *spatial)`` int64 superpixels where some were given, as in `Inputs`. Only a method
            that makes segments of them reads it.

        Returns
        -------
        Tensor
            ``(N, *spatial)`` classes from 0.
        """

    def ballots(self, network: nn.Module) -> tuple[Ballot, ...]:
        """Return label maps for the consensus that no step has brought, after `freeze`.

        Parameters
        ----------
        network : torch.nn.Module
            As frozen.

        Returns
        -------
        tuple of Ballot
            Nothing, where a method's own iterations are what votes.
        """
        return ()
