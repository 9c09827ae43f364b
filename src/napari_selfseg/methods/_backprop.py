r"""Unsupervised image segmentation by backpropagation.

A small network labels every pixel, its labels are made smooth, and the smooth labels teach the
network; repeated, pixels that look alike and lie together end up with one label. With ``p``
features, ``q`` classes and ``M`` convolutions, for ``T`` iterations (algorithm 1):

.. math::

    x_n &= \mathrm{GetFeats}(v_n, \{W_m, b_m\}_{m=1}^M) \\
    y_n &= W_c x_n + b_c \\
    y'_{n,i} &= (y_{n,i} - \mu_i) / \sqrt{\sigma_i^2 + \epsilon} \qquad (2) \\
    c_n &= \arg\max_i y'_{n,i} \qquad (1) \\
    c'_n &= \arg\max_c |\{m \in S_k : c_m = c\}|, \quad n \in S_k \qquad \text{(section 2.2)} \\
    L &= \mathrm{SoftmaxLoss}(y'_n, c'_n)

The spatial-continuity variant needs no superpixels: there :math:`c'_n = c_n` and

.. math:: L = \mathrm{SoftmaxLoss}(y'_n, c_n) + \mu \sum_d \overline{|y'_{n + e_d} - y'_n|}
              + \nu \, \mathrm{SoftmaxLoss}(y'_n, s_n)

where the last term, in both variants, is taken over the pixels a user scribbled as class s, and
the first over the others. Several images (reference images) are one batch: they share the network
and the normalisation.

References
----------
Kanezaki, Unsupervised image segmentation by backpropagation, ICASSP 2018,
doi:10.1109/ICASSP.2018.8462533.

Kim, Kanezaki and Tanaka, Unsupervised learning of image segmentation based on differentiable
feature clustering, IEEE Transactions on Image Processing 2020, doi:10.1109/TIP.2020.3011269.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from napari_selfseg.losses import continuity, cross_entropy, scribbled
from napari_selfseg.nets import Responses, assign, initialise, measure
from napari_selfseg.parameters import parameter
from napari_selfseg.protocol import (
    Cost,
    FewLabels,
    Inputs,
    Method,
    Part,
    Problem,
    Schedule,
    Sized,
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
from napari_selfseg.superpixels import Slic

__all__ = ["Backprop"]

ADAPTIVE_LABELS = 15
# Updates after which half of 83 images had so few labels that their runs ended, with superpixels.
USUAL_END = 100
# Bytes that the gradient of a convolution's weights takes at most, with one thread.
ROWS = 2**24


class Backprop(Method):
    """Segmentation by backpropagation (Kanezaki 2018; Kim, Kanezaki and Tanaka 2020)."""

    name: ClassVar[str] = "backprop"
    title: ClassVar[str] = "Backprop"
    citation: ClassVar[str] = (
        "Kanezaki, Unsupervised image segmentation by backpropagation, ICASSP 2018"
    )
    doi: ClassVar[str] = "10.1109/ICASSP.2018.8462533"
    costless: ClassVar[tuple[str, ...]] = (
        *Method.costless,
        "min_labels",
        "settled",
        "learning_rate",
        "momentum",
        "continuity_weight",
        "adaptive",
        "scribble_weight",
    )

    iterations: int = parameter(
        500,
        "Updates at most; 100 to 200 are often enough.",
        minimum=1,
        maximum=100_000,
        source="T = 500, section 3",
    )
    variant: Literal["superpixels", "continuity"] = parameter(
        "superpixels",
        "What keeps neighbouring pixels together: a vote in each superpixel, or a loss on "
        "differences between neighbours.",
        source="2018; 2020",
        words="Kept together by",
    )
    channels: int = parameter(
        100,
        "Channels: features a pixel and classes at most; fewer are faster.",
        minimum=2,
        maximum=1000,
        source="p = q = 100, section 3",
        words="Labels at most",
    )
    depth: int = parameter(
        2,
        "Depth: convolutions one after the other; more see a wider neighbourhood.",
        minimum=1,
        maximum=10,
        source="M = 1 to 5, section 3; 2 in the public code",
        words="Network layers",
    )
    min_labels: int = fewest_labels(3, "3 in the public code")
    schedule: Schedule = learning_size()
    settled: float = settling_share()
    learning_rate: float = descent_rate(0.1, "section 2.4")
    momentum: float = descent_momentum("section 2.4")
    continuity_weight: float = parameter(
        1.0,
        "Weight of the differences between neighbours in the continuity variant; more merges more.",
        minimum=0,
        maximum=1000,
        source="mu = 1, or 5 for reference images, 2020",
        words="Smoothness",
    )
    adaptive: bool = parameter(
        False,
        "Adaptive: multiply the continuity weight by the current number of labels over "
        "15, so that it needs no tuning.",
        words="Automatic smoothness",
    )
    scribble_weight: float = weight_of_scribbles("nu = 0.5, 2020")

    @property
    def n_classes(self) -> int:
        """Number of classes q."""
        return self.channels

    @property
    def reach(self) -> int:
        """One pixel a convolution."""
        return self.depth

    @property
    def likely_iterations(self) -> int:
        """With superpixels many runs end early; which ones does not show before."""
        early = self.variant == "superpixels" and self.min_labels > 1
        return min(self.iterations, USUAL_END) if early else self.iterations

    def default_superpixels(self) -> Slic | None:
        """SLIC with K = 10 000 (section 2.2); none in the continuity variant."""
        return Slic() if self.variant == "superpixels" else None

    def cost(self, problem: Problem) -> Cost:
        """Count the convolutions, and the response maps (q numbers a pixel) that exist at once."""
        q, size = self.channels, problem.itemsize
        taps = 3**problem.ndim * q * (problem.in_channels + (self.depth - 1) * q) + q * q
        # Forward, and backward for inputs and weights; nothing flows back into the image.
        flops = problem.pixels * 2 * (3 * taps - 3**problem.ndim * q * problem.in_channels)
        # Image in both types; superpixel, class and target of a pixel as int64 and their sum.
        small_ones = problem.pixels * (problem.in_channels * (4 + size) + 32)
        weights = taps * (3 * 4 + size)
        kept = problem.pixels * q * self._kept(problem) + small_ones + weights
        if problem.lean:
            # While a gradient of weights is made, rows of three pixels, a part of a large image.
            kept += min(problem.pixels * q * 2 * size, ROWS)
        share = relative_work(self.schedule, problem)
        moved = share * problem.pixels * q * self._moved(problem)
        # Before each normalisation; a gradient, and what is normalised again.
        lent = (self.depth + 1) * problem.lent(q, convolved=True) + 2 * problem.lent(q)
        return Cost(share * flops, moved, kept, lent)

    def parts(self) -> tuple[Part, ...]:
        """Updates at each size of the image."""
        return parts_by_size(self, self.schedule, self.iterations)

    def _moved(self, problem: Problem) -> int:
        """Bytes a pixel and class that layers and losses read and write, or take as long as."""
        # Fitted to steps on one core: gathering the pixels of a mask, and differences between
        # neighbours, run at a small part of the speed of a normalisation.
        layer = 16 * problem.itemsize + 500 * problem.masked
        loss = 10 + 80 * problem.ndim * (self.variant == "continuity")
        return (self.depth + 1) * layer + loss * problem.itemsize

    def _kept(self, problem: Problem) -> int:
        """Bytes a pixel and class: of the maps kept for the backward pass, and those of a loss."""
        size, lean = problem.itemsize, problem.lean
        # Before and after each normalisation, which with a mask keeps three more in float32; or
        # before it alone.
        layer = size if lean else 2 * size + 12 * problem.masked
        # Responses and gradient; or log-softmax and, where the gradient begins, two maps.
        loss = (2 if lean else 3) + problem.scribbled
        if self.variant == "continuity":
            loss += 1 + problem.ndim
        return (self.depth + 1) * layer + loss * size

    def settles(self, t: int) -> float:
        """See `Method.settles`; at the last size of the image alone."""
        return self.settled if at_last_size(self.schedule, self.iterations, t) else 0.0

    def network(self, in_channels: int, ndim: int, generator: torch.Generator) -> nn.Module:
        """Build GetFeats, the classifier and Norm, drawn from Xavier's distribution."""
        network = Responses(in_channels, self.channels, self.channels, self.depth, ndim)
        initialise(network, generator)
        return network

    def steps(self, network: nn.Module, inputs: Inputs) -> Generator[Step, None, Stop | None]:
        """Iterate algorithm 1."""
        optimiser = inputs.state.of(
            torch.optim.SGD(network.parameters(), self.learning_rate, self.momentum)
        )
        sizes = Sizes(self.schedule, self.iterations, inputs)
        labels = FewLabels(self.channels, self.min_labels, inputs)
        for t in inputs.control.iterations(self.iterations):
            seen = sizes.at(t)
            y = network(seen.v, seen.inputs.valid)
            if stop := labels.stop(t):
                return stop
            c = assign(y)
            raw_labels = labels.count(seen.restored(c))
            votes, target = self._refined(c, seen)
            losses = self._losses(y, target, raw_labels, seen.inputs)
            loss = torch.stack(list(losses.values())).sum()
            shown = {name: term.detach() for name, term in losses.items()}
            yield Step(t, self.iterations, votes, raw_labels, shown)
            optimiser.zero_grad()
            del y  # the gradients need the room
            loss.backward()
            optimiser.step()
            del loss, losses  # the next forward does
        return None

    def freeze(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Measure and keep the statistics of each normalisation; return the classes."""
        return assign(measure(network, inputs.x, inputs.valid))

    def predict(
        self, network: nn.Module, x: Tensor, valid: Tensor | None, index: Tensor | None = None
    ) -> Tensor:
        """Classify with the statistics kept."""
        return assign(network(x, valid))

    def _refined(self, c: Tensor, seen: Sized) -> tuple[Tensor, Tensor]:
        """Return the labels to show, counted from 1, and the classes c' to learn, -1 for none."""
        inputs, q = seen.full, self.channels
        if inputs.index is not None:
            votes = vote(seen.restored(c), inputs.index, inputs.n_regions, q)
            return small(votes, q), votes[seen.inputs.index] - 1
        valid = seen.inputs.valid
        target = c if valid is None else c.masked_fill(~valid[:, 0], -1)
        shown = seen.restored(target) + 1
        return small(shown if inputs.valid is None else shown * inputs.valid[:, 0], q), target

    def _losses(
        self, y: Tensor, target: Tensor, raw_labels: Tensor, inputs: Inputs
    ) -> dict[str, Tensor]:
        losses, target = scribbled(y, target, inputs.scribbles, self.scribble_weight)
        losses["similarity"] = cross_entropy(y, target)
        if self.variant == "continuity":
            weight = self.continuity_weight * (
                raw_labels / ADAPTIVE_LABELS if self.adaptive else 1.0
            )
            losses["continuity"] = weight * continuity(y, inputs.valid)
        return losses
