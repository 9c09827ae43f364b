r"""Deep image clustering for unsupervised image segmentation.

A small network with one pooling (the feature transformation subnetwork, FTS) turns every pixel
into C features. The deep clustering subnetwork (DCS) moves M centres among them and replaces each
pixel by the mean of the centres it belongs to, so that features become few and clear. The largest
feature is a pixel's label; the labels vote in superpixels, and the network learns the outcome.
For ``T`` iterations (algorithm 1):

.. math::

    Y &= \mathrm{FTS}(I) \\
    H^q &= \mathrm{softmax}(Y {\Omega^{q-1}}^T), \quad q = 1, \ldots, \Gamma \qquad (2) \\
    \Omega_k^q &= \sum_n H^q_{nk} Y_n \Big/ \sum_n H^q_{nk} \qquad (3) \\
    \Upsilon &= H^\Gamma \Omega^\Gamma \qquad (4) \\
    \Delta_n &= \arg\max_j \Upsilon_{nj} \qquad (5) \\
    \tilde\Delta_n &= \arg\max_j |\{i \in S_p : \Delta_i = j\}|, \quad n \in S_p \qquad (6, 7) \\
    L &= \mathrm{SoftmaxLoss}(\Upsilon_n, \tilde\Delta_n) \qquad (8)

Two misprints are read as they must be meant: equation 3 divides by a sum over pixels, and in
equation 8 the logarithm is that of the responses. The loss is the mean over the pixels.

References
----------
Zhou and Wei, DIC: Deep Image Clustering for Unsupervised Image Segmentation, IEEE Access 2020,
doi:10.1109/ACCESS.2020.2974496.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Final, cast

import torch
from torch import Tensor, nn

from napari_selfseg.losses import cross_entropy, scribbled
from napari_selfseg.nets import DCS, FTS, Subnetworks, assign, initialise
from napari_selfseg.parameters import parameter
from napari_selfseg.protocol import (
    Cost,
    FewLabels,
    Inputs,
    Method,
    Part,
    Problem,
    Schedule,
    Sizes,
    Step,
    Stop,
    at_last_size,
    descent_momentum,
    descent_rate,
    fewest_labels,
    learning_size,
    parts_by_size,
    relative_work,
    settling_share,
    small,
    weight_of_scribbles,
)
from napari_selfseg.regions import vote
from napari_selfseg.superpixels import Felzenszwalb

__all__ = ["DIC"]

# The seven pairs (C, M) of section IV-B, of which the paper takes the best for each image.
SETTINGS: Final = ((20, 16), (50, 32), (90, 32), (120, 32), (160, 64), (200, 64), (300, 64))


class DIC(Method):
    """Deep image clustering (Zhou and Wei 2020)."""

    name: ClassVar[str] = "dic"
    title: ClassVar[str] = "DIC"
    citation: ClassVar[str] = (
        "Zhou and Wei, DIC: Deep Image Clustering for Unsupervised Image Segmentation, "
        "IEEE Access 2020"
    )
    doi: ClassVar[str] = "10.1109/ACCESS.2020.2974496"
    stride: ClassVar[int] = 2
    costless: ClassVar[tuple[str, ...]] = (
        *Method.costless,
        "min_labels",
        "settled",
        "learning_rate",
        "momentum",
        "scribble_weight",
    )

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        f"Paper, C = {C}, M = {M}": {"n_clusters": C, "n_centres": M} for C, M in SETTINGS
    }

    iterations: int = parameter(
        100,
        "Updates at most.",
        minimum=1,
        maximum=100_000,
        source="T = 100, section IV-A",
    )
    n_clusters: int = parameter(
        100,
        "Features of a pixel that the clustering sees, and labels at most.",
        minimum=2,
        maximum=1000,
        source="C = 20 to 300, section IV-B; 100 in table 3",
        words="Labels at most",
    )
    n_centres: int = parameter(
        32,
        "Centres that the clustering moves among the features; fewer merge more.",
        minimum=2,
        maximum=1000,
        source="M = 16 to 64, section IV-B; 32 for C = 100, table 3",
        words="Groups",
    )
    rounds: int = parameter(
        3,
        "How often the centres are moved in an iteration.",
        minimum=1,
        maximum=20,
        source="Gamma = 3, section IV-A",
        words="Grouping rounds",
    )
    without_dcs: bool = parameter(
        False,
        "Leave the clustering out, to see what it does: labels are then the largest features.",
        source="table 5",
        words="Without grouping",
    )
    width: int = parameter(
        64,
        "Width: features of the first two convolutions; the other four have twice as "
        "many. Half as many take a quarter of the time.",
        minimum=2,
        maximum=512,
        source="64, figure 2",
        words="Network size",
    )
    min_labels: int = fewest_labels(1, "not in the paper; 3, after the vote, in the public code")
    schedule: Schedule = learning_size()
    settled: float = settling_share()
    learning_rate: float = descent_rate(0.05, "section IV-A")
    momentum: float = descent_momentum("section IV-A")
    scribble_weight: float = weight_of_scribbles("not in the paper; as in Backprop")

    @property
    def n_classes(self) -> int:
        """Number of features C: a label names one of them."""
        return self.n_clusters

    @property
    def reach(self) -> int:
        """Convolutions at two scales; the clustering adds none, as a fit keeps its centres."""
        return FTS.reach

    def default_superpixels(self) -> Felzenszwalb:
        """Regions along contours, as the paper's, which come from trained contours (MCG)."""
        return Felzenszwalb()

    def cost(self, problem: Problem) -> Cost:
        """Count the convolutions and products, and the maps that exist at once."""
        size, layers = problem.itemsize, self._layers(problem)
        clustering = 0 if self.without_dcs else self.n_clusters * self.n_centres
        taps = sum(layers.values()) + (2 * self.rounds + 1) * clustering
        # Forward, and backward for both factors; nothing flows back into image and first centres.
        flops = problem.pixels * 2 * (3 * taps - layers["begin.0"] - clustering)
        # Image in both types; superpixel, label and target of a pixel as int64 and their sum.
        small_ones = problem.in_channels * (4 + size) + 32
        shared = layers["pooled.0"] + layers["pooled.1"] + layers["deconvolution"]
        weights = sum(layers.values()) + shared * (_block(problem) - 1)
        kept = problem.pixels * (self._kept(problem) + small_ones) + weights * (3 * 4 + size)
        share = relative_work(self.schedule, problem)
        moved = share * problem.pixels * self._moved(problem)
        return Cost(share * flops, moved, kept, self._lent(problem))

    def parts(self) -> tuple[Part, ...]:
        """Updates at each size of the image."""
        return parts_by_size(self, self.schedule, self.iterations)

    def _layers(self, problem: Problem) -> dict[str, int]:
        """Multiplications a pixel in each layer; those of a pooled pixel shared by its block."""
        w, taps, block = self.width, int(3**problem.ndim), _block(problem)
        return {
            "begin.0": taps * problem.in_channels * w,
            "begin.1": taps * w * w,
            "pooled.0": taps * w * 2 * w // block,
            "pooled.1": taps * 2 * w * 2 * w // block,
            "deconvolution": 2 * w * 2 * w,
            "end.0": taps * 3 * w * 2 * w,
            "end.1": taps * 2 * w * 2 * w,
            "last": 2 * w * self.n_clusters,
        }

    def _features(self, problem: Problem) -> float:
        """Features a pixel that convolution blocks make."""
        return 6 * self.width + 4 * self.width / _block(problem)

    def _moved(self, problem: Problem) -> float:
        """Bytes a pixel that everything but convolutions reads and writes, or takes as long as."""
        w, c, size = self.width, self.n_clusters, problem.itemsize
        # Fitted to steps on one core, as in Backprop: normalisation and ReLU; gathering the pixels
        # of a mask, which takes as long in both precisions; pooling, deconvolution, concatenation;
        # loss; softmax and products of the clustering.
        layer = 32 + 8 * size + problem.masked * 800 / size
        clustering = 0 if self.without_dcs else self.rounds * (10 * self.n_centres + 4 * c)
        return (self._features(problem) + c) * layer + (30 * w + 10 * c + clustering) * 3

    def _kept(self, problem: Problem) -> float:
        """Bytes a pixel: of the maps kept for the backward pass, and those of the loss."""
        w, size, block = self.width, problem.itemsize, _block(problem)
        # Before and after each block, which with a mask keeps three more in float32, or before it
        # alone; the pooled map and where its pixels came from; the concatenation.
        each = size if problem.lean else 2 * size + 12 * problem.masked
        blocks = self._features(problem) * each
        between = w * ((3 + 1 / block) * size + 8 / block)
        # Y before and after the normalisation, log-softmax and two maps where the gradient begins.
        responses = self.n_clusters * ((5 + problem.scribbled) * size + 8 * problem.masked)
        if self.without_dcs:
            return blocks + between + responses
        associations = self.n_centres * self.rounds * (1 + problem.masked)
        return blocks + between + responses + (self.n_clusters + associations) * size

    def _lent(self, problem: Problem) -> float:
        """Bytes of the maps that lie in memory which is used again."""
        w, block = self.width, _block(problem)
        convolved = [(w, 1), (2 * w, block), (2 * w, 1), (self.n_clusters / 2, 1)]
        made = 2 * sum(problem.lent(n, coarse=each, convolved=True) for n, each in convolved)
        # What is concatenated; two maps where gradients are.
        return made + problem.lent(w) + 2 * problem.lent(max(self.n_clusters, 2 * w))

    def settles(self, t: int) -> float:
        """See `Method.settles`; at the last size of the image alone."""
        return self.settled if at_last_size(self.schedule, self.iterations, t) else 0.0

    def network(self, in_channels: int, ndim: int, generator: torch.Generator) -> nn.Module:
        """Build FTS and DCS, drawn from Xavier's distribution, with centres of length 1."""
        network = Subnetworks(
            FTS(in_channels, self.width, self.n_clusters, ndim),
            None if self.without_dcs else DCS(self.n_clusters, self.n_centres, self.rounds, ndim),
        )
        initialise(network, generator)
        if network.dcs is not None:
            network.dcs.draw(generator)
        return network

    def steps(self, network: nn.Module, inputs: Inputs) -> Generator[Step, None, Stop | None]:
        """Iterate algorithm 1."""
        _check_size(inputs.x)
        trained = [each for each in network.parameters() if each.requires_grad]
        optimiser = inputs.state.of(torch.optim.SGD(trained, self.learning_rate, self.momentum))
        index, sizes = cast(Tensor, inputs.index), Sizes(self.schedule, self.iterations, inputs)
        labels = FewLabels(self.n_clusters, self.min_labels, inputs)
        for t in inputs.control.iterations(self.iterations):
            seen = sizes.at(t)
            upsilon = network(seen.v, seen.inputs.valid)
            if stop := labels.stop(t):
                return stop
            delta = seen.restored(assign(upsilon))
            raw_labels = labels.count(delta)
            refined = vote(delta, index, inputs.n_regions, self.n_clusters)
            losses = self._losses(upsilon, refined[seen.inputs.index] - 1, seen.inputs)
            loss = torch.stack(list(losses.values())).sum()
            shown = {name: term.detach() for name, term in losses.items()}
            yield Step(t, self.iterations, small(refined, self.n_clusters), raw_labels, shown)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            del upsilon, loss, losses  # the next forward needs the room
        return None

    def freeze(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Measure and keep the statistics of each normalisation and the centres."""
        return assign(cast(Subnetworks, network).freeze(inputs.x, inputs.valid))

    def predict(
        self, network: nn.Module, x: Tensor, valid: Tensor | None, index: Tensor | None = None
    ) -> Tensor:
        """Classify with the statistics and centres kept."""
        return assign(network(x, valid))

    def _losses(self, upsilon: Tensor, refined: Tensor, inputs: Inputs) -> dict[str, Tensor]:
        weight = self.scribble_weight
        losses, refined = scribbled(upsilon, refined, inputs.scribbles, weight)
        losses["refinement"] = cross_entropy(upsilon, refined)
        return losses


def _block(problem: Problem) -> int:
    """Pixels that become one by pooling."""
    return int(2**problem.ndim)


def _check_size(x: Tensor) -> None:
    if len(x) == 1 and max(x.shape[2:]) <= 2:
        raise ValueError(
            "The image is too small for DIC, which pools pixels in pairs: some axis needs three."
        )
