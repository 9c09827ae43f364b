"""SGSeg as a method: its networks, and one stage after the other."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from itertools import islice
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from napari_selfseg.methods._sgseg._classes import training
from napari_selfseg.methods._sgseg._patches import patches
from napari_selfseg.methods._sgseg._settings import Settings
from napari_selfseg.methods._sgseg._superpixels import pre_training
from napari_selfseg.nets import assign, initialise, measure, part
from napari_selfseg.nets.segmenter import REACH
from napari_selfseg.nets.sgseg import SGSegNetwork
from napari_selfseg.nets.sgseg_work import cnn_work, spnn_work
from napari_selfseg.nets.superae_work import Work
from napari_selfseg.protocol import Cost, Inputs, Part, Problem, Step, Stop, small
from napari_selfseg.regions import present

__all__ = ["SGSeg"]

# Of what an update keeps for a pixel, the share that labelling it does (measured): of SPNN, and of
# the CNN without masks, whose two orders are one forward then, layer after layer.
VIEWED = 0.33
# Updates of a kind that never end, or between two looks that never come.
MOST = 100_000


class SGSeg(Settings):
    """Segmentation through superpixels and graph networks (Eliasof, Ben Zikri, Treister 2022)."""

    name: ClassVar[str] = "sgseg"
    title: ClassVar[str] = "SGSeg"
    citation: ClassVar[str] = (
        "Eliasof, Ben Zikri and Treister, Unsupervised image semantic segmentation through "
        "superpixels and graph neural networks, 2022"
    )
    doi: ClassVar[str] = "10.48550/arXiv.2210.11810"
    ndims: ClassVar[tuple[int, ...]] = (2,)
    stride: ClassVar[int] = 2
    costless: ClassVar[tuple[str, ...]] = (*Settings.costless, "spnn_iterations", "view_every")

    @property
    def n_classes(self) -> int:
        """Number of classes k."""
        return self.classes

    @property
    def reach(self) -> int | None:
        """That of the CNN alone; with superpixels the whole image matters."""
        return REACH if self.backbone == "none" else None

    def default_superpixels(self) -> None:
        """Return none: SGSeg makes its own, soft ones."""

    def cost(self, problem: Problem) -> Cost:
        """Count the convolutions, of patches and of the whole images that are looked at."""
        pixels, channels, size = problem.pixels, problem.in_channels, problem.itemsize
        patch = self.batch_size * min(self.patch_size**2, pixels)
        seen = pixels / self.view_every
        cnn = cnn_work(channels, size, self.width, self.classes, self.backbone)
        spnn = spnn_work(channels, size, self.width, self.n_superpixels)
        if self.backbone == "none":
            spnn = Work(0, 0, 0)
        image = pixels * (channels * (4 + size) + 24)
        return Cost(
            (patch + seen / 3) * spnn.flops + (patch + seen / 6) * cnn.flops,
            (patch + seen / 4) * (spnn.moved + cnn.moved),
            max(patch * (spnn.kept + cnn.kept), VIEWED * pixels * (spnn.kept + cnn.kept / 6))
            + image,
        )

    def cost_to_predict(self, problem: Problem) -> Cost:
        """Count the convolutions of one forward of the whole image."""
        of = (problem.in_channels, problem.itemsize, self.width)
        cnn = cnn_work(*of, self.classes, self.backbone)
        spnn = Work(0, 0, 0) if self.backbone == "none" else spnn_work(*of, self.n_superpixels)
        flops = problem.pixels * (spnn.flops / 3 + cnn.flops / 6)
        moved = problem.pixels * (spnn.moved + cnn.moved) / 4
        return Cost(flops, moved, self.cost(problem).kept)

    def parts(self) -> tuple[Part, ...]:
        """Updates of SPNN alone, then those of all with and without a look at the image."""
        alone = (
            0 if self.backbone == "none" or self.scheme == "end-to-end" else self.spnn_iterations
        )
        first = min(alone, self.iterations)
        seen = -(-(self.iterations - first) // self.view_every)
        # An update that also shows labels takes longer than the others: a kind of its own.
        kinds = (
            (self.replace(spnn_iterations=MOST), first),
            (self.replace(spnn_iterations=0, view_every=MOST), self.iterations - first - seen),
            (self.replace(spnn_iterations=0, view_every=1), seen),
        )
        return tuple(Part(kind, n) for kind, n in kinds if n)

    def network(self, in_channels: int, ndim: int, generator: torch.Generator) -> nn.Module:
        """Build the three networks, drawn from Xavier's distribution."""
        network = SGSegNetwork(
            in_channels,
            self.classes,
            before=self.backbone,
            superpixels=self.n_superpixels,
            neighbours=self.neighbours,
            width=self.width,
        )
        initialise(network, generator)
        if network.spnn is not None:
            part(network.spnn)
        return network

    def steps(self, network: nn.Module, inputs: Inputs) -> Generator[Step, None, Stop | None]:
        """Train SPNN, then all; one count goes through both."""
        net = cast(SGSegNetwork, network)
        _check_size(inputs.x.shape)
        generator = inputs.state.generator(self.seed)
        batches = patches(self, inputs, generator)
        updates = inputs.state.before_each(inputs.control.iterations(self.iterations))
        view = partial(_view, self, net, inputs)
        first = self._alone(net)
        if first:
            alone = islice(updates, first)
            yield from pre_training(self, net, batches, alone, view(), inputs.state)
        yield from training(self, net, batches, updates, view, generator, inputs.state)
        return self._without_classes(first) if 0 < self.iterations <= first else None

    def freeze(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Measure and keep the statistics of each normalisation; return the classes."""
        return assign(measure(network, inputs.x, inputs.valid))

    def predict(
        self, network: nn.Module, x: Tensor, valid: Tensor | None, index: Tensor | None = None
    ) -> Tensor:
        """Classify with the statistics kept, and no masked convolution."""
        return assign(network(x, valid))

    def _alone(self, network: SGSegNetwork) -> int:
        """Return how many updates train SPNN alone; after a warm start it has had some already."""
        if network.spnn is None or self.scheme == "end-to-end":
            return 0
        return max(self.spnn_iterations - int(network.updates), 0)

    def _without_classes(self, first: int) -> Stop:
        sentence = f"All {self.iterations} iterations trained SPNN"
        return Stop("finished", f"{sentence}: ask for more than {first} to learn classes.")


def _view(settings: Settings, network: SGSegNetwork, inputs: Inputs) -> tuple[Tensor, Tensor]:
    """Return votes and number of labels of the whole images, without masked convolutions."""
    with torch.no_grad():
        c = assign(network(inputs.x.to(inputs.precision), inputs.valid))
    labels = c + 1 if inputs.valid is None else (c + 1) * inputs.valid[:, 0]
    raw_labels = present(c, settings.classes, inputs.valid).sum()
    return small(labels, settings.classes), raw_labels


def _check_size(shape: Sequence[int]) -> None:
    batch, _, *sizes = shape
    if batch * -(-sizes[0] // 2) * -(-sizes[1] // 2) < 2:
        raise ValueError(
            f"An image of {' x '.join(map(str, sizes))} pixels is too small for SGSeg: it needs "
            "more than 2 along some axis."
        )
