"""What a method is: parameters, and a generator that yields a light step per iteration."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_selfseg.hierarchy import LEVEL, Hierarchy
from napari_selfseg.outlines import Outlines
from napari_selfseg.parameters import Parameters, parameter
from napari_selfseg.protocol._method._blockwise import Blockwise, Found
from napari_selfseg.protocol._method._cost import Cost, Part, Problem
from napari_selfseg.protocol._method._inputs import Inputs
from napari_selfseg.protocol._method._step import Ballot, Step, Stop
from napari_selfseg.protocol._method._tilewise import Tilewise

__all__ = ["GIVEN", "Finding", "Method", "SuperpixelAlgorithm"]

# In place of an algorithm: superpixels that are there already.
GIVEN: Final = "given"


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

    @property
    def bytes_a_pixel(self) -> int:
        """Memory it takes while it works."""

    def work(self, pixels: int) -> float:
        """Say how an image of so many pixels compares with others in time, in any unit."""


@runtime_checkable
class Finding(Protocol):
    """A superpixel algorithm that tells what it has found out about an image on its way."""

    def with_findings(
        self,
        image: NDArray[np.float32],
        *,
        spacing: tuple[float, ...] | None = None,
        mask: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.int32], Found]:
        """Label an image; see `napari_selfseg.superpixels.Superpixels.with_findings`."""


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
    instances : bool
        Whether labels are objects, each its own, on a background that has label 0; `freeze` and
        `predict` have -1 there.
    classifies_regions : bool
        Whether superpixels are classified as they are, so that a prediction depends on them.
    costless : tuple of str
        Parameters that change neither the time an update takes nor its memory.
    seed : int
        Seed of everything random in a run.
    iterations : int
        Updates at most.
    outlines : {"superpixels", "image"}
        What the borders of final labels follow.
    """

    citation: ClassVar[str]
    doi: ClassVar[str]
    ndims: ClassVar[tuple[int, ...]] = (2, 3)
    stride: ClassVar[int] = 1
    segments: ClassVar[bool] = False
    instances: ClassVar[bool] = False
    classifies_regions: ClassVar[bool] = False
    costless: ClassVar[tuple[str, ...]] = ("seed", "iterations", "outlines")

    iterations: int = parameter(100, "Updates at most.", minimum=1, maximum=100_000)
    seed: int = parameter(
        0,
        "Seed of the run: the same seed gives the same labels again.",
        minimum=0,
        maximum=2**31 - 1,
        words="Random start",
    )
    outlines: Outlines = parameter(
        "superpixels",
        "What the borders of final labels follow: superpixels, or the image pixel by pixel.",
        words="Borders follow",
    )

    @property
    @abstractmethod
    def n_classes(self) -> int:
        """Number of classes a label can name."""

    @property
    def numbered_anew(self) -> bool:
        """Whether a label says nothing outside of its own image: segments and objects."""
        return self.segments or self.instances

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
        """

    def parts(self) -> tuple[Part, ...]:
        """Say which kinds of updates a run makes, in order, and how many of each.

        Returns
        -------
        tuple of Part
            One, where all updates take the same time.
        """
        return (Part(self, self.iterations),)

    def settles(self, t: int) -> float:
        """Say when the labels of a run have settled, so that it can end.

        Parameters
        ----------
        t : int
            Updates made.

        Returns
        -------
        float
            Per cent of the pixels below which few change in an update; 0 where the run goes on
            whatever its labels do.
        """
        return 0.0

    def blockwise(self) -> Blockwise | None:
        """Return how an image larger than memory is labelled as one, where it is.

        Returns
        -------
        Blockwise or None
            None where each tile is labelled by what was learned before.
        """
        return None

    def tilewise(self) -> Tilewise | None:
        """Return how the objects of an image larger than memory are found, where they are."""
        return None

    def drawn_with(self, labels: Sequence[int]) -> Method:
        """Return what is run where strokes were drawn, which may say what there is to find.

        Parameters
        ----------
        labels : sequence of int
            Of the strokes, ascending.
        """
        return self

    def smaller(self, steps: Sequence[int]) -> Method:
        """Return what does the same to a small picture of an image.

        Parameters
        ----------
        steps : sequence of int
            How many pixels along each axis of the image are one of the picture.

        Returns
        -------
        Method
            Itself, unless parameters count pixels.
        """
        return self

    @property
    def updates(self) -> int:
        """Updates that a run makes at most; 0 where there is nothing to train."""
        return self.iterations

    @property
    def likely_iterations(self) -> int:
        """Updates that a run is likely to make, where many end early; all of them otherwise."""
        return self.iterations

    def cost_to_predict(self, problem: Problem) -> Cost:
        """Say what labelling an image with a fit takes: about an iteration, unless overridden.

        Parameters
        ----------
        problem : Problem
            Of that image.
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

    def hierarchies(self, network: nn.Module) -> tuple[Hierarchy, ...]:
        """Return the tree of segments of each image, after `freeze`.

        Parameters
        ----------
        network : torch.nn.Module
            As frozen.

        Returns
        -------
        tuple of Hierarchy
            Nothing, where a method makes no trees of its own.
        """
        return ()
