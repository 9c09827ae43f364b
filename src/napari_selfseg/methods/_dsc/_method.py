"""DSC as a method: its network, and one stage after the other."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import islice
from math import prod
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from napari_selfseg.methods._dsc._cutting import cutting
from napari_selfseg.methods._dsc._settings import Settings
from napari_selfseg.methods._dsc._smoothing import side, smoothing
from napari_selfseg.nets import Embedding, assign, initialise, measure
from napari_selfseg.nets.embedding import REACH
from napari_selfseg.nets.superae_work import autoencoder_work, embedding_work, n_weights
from napari_selfseg.protocol import (
    Cost,
    Inputs,
    Part,
    Problem,
    Step,
    Stop,
    at_last_size,
    parts_by_size,
    relative_work,
)
from napari_selfseg.superpixels import Slic

__all__ = ["DSC"]

# Updates of a kind that never end.
MOST = 100_000


class DSC(Settings):
    """Deep superpixel cut (Lin, Zhong and Lu 2021)."""

    name: ClassVar[str] = "dsc"
    title: ClassVar[str] = "DSC"
    citation: ClassVar[str] = (
        "Lin, Zhong and Lu, Deep superpixel cut for unsupervised image segmentation, 2021"
    )
    doi: ClassVar[str] = "10.48550/arXiv.2103.06031"
    stride: ClassVar[int] = 4
    costless: ClassVar[tuple[str, ...]] = (
        *Settings.costless,
        "autoencoder_iterations",
        "autoencoder_rate",
        "template_weight",
        "label_weight",
        "cut_weight",
        "min_labels",
        "settled",
        "learning_rate",
        "momentum",
        "scribble_weight",
    )

    @property
    def n_classes(self) -> int:
        """Number of partitions K."""
        return self.partitions

    @property
    def reach(self) -> int:
        """That of the embedding: its convolutions, and the four pixels of a coarse one."""
        return REACH

    def default_superpixels(self) -> Slic:
        """SLIC with M = 500, as in figure 5."""
        return Slic(n_segments=500, compactness=10)

    def cost(self, problem: Problem) -> Cost:
        """Average both stages; keep what the larger one keeps."""
        pixels, of = problem.pixels, (problem.in_channels, problem.ndim)
        cropped = self.batch_size * min(side(self, problem.ndim) ** problem.ndim, pixels)
        first = autoencoder_work(*of, problem.itemsize, problem.masked, self.width)
        second = embedding_work(
            *of, problem.itemsize, problem.masked, self.width, self.partitions, self.normalised
        )
        share = min(self.autoencoder_iterations / self.iterations, 1)
        cut = pixels * relative_work(self.schedule, problem)
        each = ((share * cropped, first), ((1 - share) * cut, second))
        image = pixels * (problem.in_channels * (4 + problem.itemsize) + 16)
        # With the two averages of Adam and the copy that smooths; gradients come as maps go.
        weights = 16 * n_weights(*of, self.width, self.partitions)
        learning, cutting = cropped * first.kept * (share > 0), pixels * second.kept
        return Cost(
            sum(n * work.flops for n, work in each),
            sum(n * work.moved for n, work in each),
            max(learning, cutting) + image + weights,
            self._lent(problem) if learning < cutting else 0.0,
        )

    def _lent(self, problem: Problem) -> float:
        """Bytes of the maps of the cut that lie in memory which is used again."""
        fine, coarse = self.width, 2 * self.width
        block = int(2**problem.ndim)
        made = 2 * problem.lent(fine, convolved=True)
        made += problem.lent(coarse, coarse=block, convolved=True)
        return made + problem.lent(fine) + 2 * problem.lent(coarse, coarse=block)

    def parts(self) -> tuple[Part, ...]:
        """Updates of the autoencoder, then those of the cut."""
        first = min(self.autoencoder_iterations, self.iterations)
        begin = (Part(self.replace(autoencoder_iterations=MOST), first),) if first else ()
        cut = self.replace(autoencoder_iterations=0)
        return begin + parts_by_size(cut, self.schedule, self.iterations - first)

    def settles(self, t: int) -> float:
        """See `Method.settles`; when the cut is made, at the last size of the image."""
        first = min(self.autoencoder_iterations, self.iterations)
        cut = self.iterations - first
        ready = t >= first and cut and at_last_size(self.schedule, cut, t - first)
        return self.settled if ready else 0.0

    def network(self, in_channels: int, ndim: int, generator: torch.Generator) -> nn.Module:
        """Build SuperAE and the 1x1 convolution, drawn from Xavier's distribution."""
        network = Embedding(
            in_channels, self.partitions, ndim, width=self.width, normalised=self.normalised
        )
        initialise(network, generator)
        network.remember()
        return network

    def steps(self, network: nn.Module, inputs: Inputs) -> Generator[Step, None, Stop | None]:
        """Iterate algorithm 1, then algorithm 2; one count goes through both."""
        E = cast(Embedding, network)
        _check_size(cast(Tensor, inputs.index).shape)
        updates = inputs.state.before_each(inputs.control.iterations(self.iterations))
        # After a warm start the autoencoder has had its updates already.
        first = max(self.autoencoder_iterations - int(E.updates), 0)
        if first:
            yield from smoothing(self, E, inputs, islice(updates, first))
        stop = yield from cutting(self, E, inputs, updates, first)
        return self._uncut(first) if self.iterations <= first else stop

    def freeze(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Measure and keep the statistics of each normalisation; return the partitions."""
        measure(cast(Embedding, network).smoother, inputs.x, inputs.valid)
        return assign(measure(network, inputs.x, inputs.valid))

    def predict(
        self, network: nn.Module, x: Tensor, valid: Tensor | None, index: Tensor | None = None
    ) -> Tensor:
        """Classify with the statistics kept."""
        return assign(network(x, valid))

    def smoothed(self, network: nn.Module, x: Tensor, valid: Tensor | None) -> Tensor:
        """Return the smoothed image x^R, from which superpixels may be made.

        Parameters
        ----------
        network : torch.nn.Module
            As frozen.
        x : Tensor
            ``(N, C, *spatial)`` scaled image.
        valid : Tensor or None
            ``(N, 1, *spatial)`` bool, True where there are data; None when that is everywhere.

        Returns
        -------
        Tensor
            ``(N, C, *spatial)`` between 0 and 1.

        Raises
        ------
        ValueError
            When the autoencoder was never trained.
        """
        E = cast(Embedding, network)
        if not E.updates:
            raise ValueError("The autoencoder was not trained: ask for autoencoder iterations.")
        x_r: Tensor = E.smoother(x, valid)
        return x_r

    def _uncut(self, first: int) -> Stop:
        sentence = f"All {self.iterations} iterations trained the autoencoder"
        return Stop("finished", f"{sentence}: ask for more than {first} to cut.")


def _check_size(shape: Sequence[int]) -> None:
    coarse = prod(-(-n // DSC.stride) for n in shape[1:])
    if shape[0] * coarse < 2:
        raise ValueError(
            f"An image of {' x '.join(map(str, shape[1:]))} pixels is too small for DSC: it needs "
            f"more than {DSC.stride} along some axis."
        )
