r"""Deep superpixel cut.

Two stages. In the first (algorithm 1) an autoencoder, SuperAE, learns to reconstruct the image x
and to smooth it within superpixels; in the second (algorithm 2) a 1x1 convolution on its encoder
parts the superpixels into K partitions, with t and z both the superpixels given:

.. math::

    L_r &= \| x - x^R \|^2 + \lambda \sum_i \sum_j t_{ij} \| x^R_i - v_j \|^2 \qquad (1) \\
    v_j &= \sum_i t_{ij} x_i / \sum_i t_{ij} \qquad (2) \\
    L_1 &= -\sum_n \sum_k \tilde y^k_n \log p^k_n, \quad P = \mathrm{softmax}(F) \qquad (3) \\
    c_n &= \arg\max_k p^k_n, \quad C_j = \arg\max_k |\{n \in S_j : c_n = k\}|, \quad
    \tilde y^k_n = \mathbf{1}(k = C_j) \qquad (4) \\
    g_j &= \sum_i z_{ij} f_i / \sum_i z_{ij} \qquad (5) \\
    q^j_k &= \sum_i z_{ij} p^i_k / \sum_i z_{ij} \qquad (6) \\
    w_{ij} &= \exp(-\| g_i - g_j \|^2 / \sigma^2)
    \text{ where } \| l(i) - l(j) \| < d, \text{ otherwise } 0 \qquad (7) \\
    L_2 &= \sum_k Q_k^T \mathbf{W} (\mathbf{1} - Q_k) \qquad (8) \\
    L_s &= \alpha L_1 + \beta L_2 \qquad (9)

Equation 9 is printed without the minus of :math:`L_1`, equation 4 with another last line. The sums
over pixels of equations 1 and 3 are taken as means, and :math:`\beta = 5 / M^2` is the weight
beside that mean. As in the gradient of the paper (equation 11), W is a constant in L_2. Of several
images M is the mean number of superpixels, and L_2 the mean over the images.

References
----------
Lin, Zhong and Lu, Deep superpixel cut for unsupervised image segmentation, 2021,
doi:10.48550/arXiv.2103.06031.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from math import prod
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn

from napari_selfseg.graphs import near
from napari_selfseg.losses import cross_entropy, reconstruction, similarity, soft_cut, template
from napari_selfseg.nets import Embedding, assign, crops, initialise, measure
from napari_selfseg.nets.embedding import REACH
from napari_selfseg.nets.superae_work import autoencoder_work, embedding_work, n_weights
from napari_selfseg.parameters import parameter
from napari_selfseg.protocol import Cost, Inputs, Method, Problem, Step, Stop, small
from napari_selfseg.regions import areas, centroids, mean, vote
from napari_selfseg.superpixels import Slic

__all__ = ["DSC"]


class DSC(Method):
    """Deep superpixel cut (Lin, Zhong and Lu 2021)."""

    name: ClassVar[str] = "dsc"
    title: ClassVar[str] = "DSC"
    citation: ClassVar[str] = (
        "Lin, Zhong and Lu, Deep superpixel cut for unsupervised image segmentation, 2021"
    )
    doi: ClassVar[str] = "10.48550/arXiv.2103.06031"
    stride: ClassVar[int] = 4

    iterations: int = parameter(
        228,
        "Updates at most: those of the autoencoder first, then those of the cut.",
        minimum=1,
        maximum=100_000,
        source="128 for the cut, section IV-B",
    )
    autoencoder_iterations: int = parameter(
        100,
        "Updates that train the autoencoder before the cut begins.",
        minimum=0,
        maximum=100_000,
        source="100 epochs over a set of images, section IV-B",
    )
    partitions: int = parameter(
        32,
        "Partitions, and so labels, at most.",
        minimum=2,
        maximum=1000,
        source="K = 32, section IV-B",
    )
    width: int = parameter(
        64,
        "Channels of the first level of the autoencoder; the second has twice, the third four "
        "times as many. Fewer are faster.",
        minimum=2,
        maximum=1000,
        source="64, 128, 256, section III-A",
    )
    normalised: bool = parameter(
        True,
        "Bring each response to zero mean and unit variance over the image, which keeps "
        "similarities apart and labels from collapsing.",
        source="not in the paper",
    )
    template: Literal["image", "reconstruction"] = parameter(
        "reconstruction",
        "Whose mean colour in a superpixel the reconstruction is drawn to.",
        source="equation 2; the text on equation 1",
    )
    template_weight: float = parameter(
        1.0,
        "Weight of the distance to the superpixels when the autoencoder is trained.",
        minimum=0,
        maximum=1000,
        source="lambda = 1, section IV-B",
    )
    autoencoder_rate: float = parameter(
        1e-3,
        "Step of Adam, which trains the autoencoder.",
        minimum=1e-6,
        maximum=1,
        source="section IV-B",
    )
    crop_size: int = parameter(
        128,
        "Side of the crops that train the autoencoder; in volumes, of crops of as many voxels.",
        minimum=8,
        maximum=4096,
        unit="pixels",
        source="300, section IV-B",
    )
    batch_size: int = parameter(
        4,
        "Crops in an update of the autoencoder.",
        minimum=1,
        maximum=1000,
        source="10, section IV-B",
    )
    sigma: float = parameter(
        10.0,
        "Difference of responses at which superpixels count as little similar.",
        minimum=0.01,
        maximum=10_000,
        source="section IV-B",
    )
    neighbourhood: float = parameter(
        2.0,
        "How far apart the centres of superpixels may lie to count as similar, in widths of a "
        "superpixel.",
        minimum=0,
        maximum=100,
        source="d = 2 sqrt(N / M), section IV-B",
    )
    label_weight: float = parameter(
        1.0,
        "Weight of the labels voted in the superpixels.",
        minimum=0,
        maximum=1000,
        source="alpha = 1, section IV-B",
    )
    cut_weight: float = parameter(
        5.0,
        "Weight of the cut, before it is divided by the square of the number of superpixels; more "
        "merges more.",
        minimum=0,
        maximum=1_000_000,
        source="beta = 5 / M^2, section IV-B",
    )
    learning_rate: float = parameter(
        0.05, "Step of gradient descent.", minimum=1e-5, maximum=10, source="section IV-B"
    )
    momentum: float = parameter(
        0.9, "Momentum of gradient descent.", minimum=0, maximum=0.999, source="section IV-B"
    )
    min_labels: int = parameter(
        1,
        "The run stops when no more labels than this are left before the vote; with scribbles it "
        "goes on.",
        minimum=1,
        maximum=1000,
        source="not in the paper",
    )
    scribble_weight: float = parameter(
        0.5,
        "Weight of the scribbled pixels.",
        minimum=0,
        maximum=1000,
        source="Kim, Kanezaki and Tanaka 2020",
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
        cropped = self.batch_size * min(self._side(problem.ndim) ** problem.ndim, pixels)
        first = autoencoder_work(*of, problem.itemsize, problem.masked, self.width)
        second = embedding_work(
            *of, problem.itemsize, problem.masked, self.width, self.partitions, self.normalised
        )
        share = min(self.autoencoder_iterations / self.iterations, 1)
        each = ((share * cropped, first), ((1 - share) * pixels, second))
        image = pixels * (problem.in_channels * (4 + problem.itemsize) + 16)
        # With the two averages of Adam; gradients come as maps go.
        weights = 12 * n_weights(*of, self.width, self.partitions)
        return Cost(
            sum(n * work.flops for n, work in each),
            sum(n * work.moved for n, work in each),
            max(cropped * first.kept * (share > 0), pixels * second.kept) + image + weights,
        )

    def network(self, in_channels: int, ndim: int, generator: torch.Generator) -> nn.Module:
        """Build SuperAE and the 1x1 convolution, drawn from Xavier's distribution."""
        network = Embedding(
            in_channels, self.partitions, ndim, width=self.width, normalised=self.normalised
        )
        initialise(network, generator)
        return network

    def steps(self, network: nn.Module, inputs: Inputs) -> Generator[Step, None, Stop | None]:
        """Iterate algorithm 1, then algorithm 2; one count goes through both."""
        E, z = cast(Embedding, network), cast(Tensor, inputs.index)
        _check_size(z.shape)
        updates = inputs.control.iterations(self.iterations)
        # After a warm start the autoencoder has had its updates already.
        first = max(self.autoencoder_iterations - int(E.updates), 0)
        if first:
            yield from self._smoothing(E, z, inputs, islice(updates, first))
        stop = yield from self._cutting(E, z, inputs, updates)
        return self._uncut(first) if self.iterations <= first else stop

    def _smoothing(
        self, E: Embedding, t: Tensor, inputs: Inputs, updates: Iterator[int]
    ) -> Generator[Step, None, None]:
        """Algorithm 1, on crops. The labels shown meanwhile are those before any update."""
        generator = torch.Generator().manual_seed(self.seed)
        optimiser = torch.optim.Adam(E.autoencoder.parameters(), self.autoencoder_rate)
        v = mean(inputs.x, t, inputs.n_regions)
        votes, raw_labels = self._untrained(E, t, inputs)
        batches = crops(
            (inputs.x, t), self._side(t.ndim - 1), self.batch_size, generator, inputs.valid
        )
        for done, ((x, t_x), valid) in zip(updates, batches, strict=False):
            x_r = E.autoencoder(x.to(inputs.precision), valid)
            if self.template == "reconstruction":
                v = mean(x_r, t_x, inputs.n_regions)
            losses = {
                "reconstruction": reconstruction(x, x_r, valid),
                "template": self.template_weight * template(x_r, v, t_x),
            }
            loss = torch.stack(list(losses.values())).sum()
            yield Step(done, self.iterations, votes, raw_labels, _detached(losses))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            E.updates += 1
            del x_r, loss, losses

    def _cutting(
        self, E: Embedding, z: Tensor, inputs: Inputs, updates: Iterator[int]
    ) -> Generator[Step, None, Stop | None]:
        """Algorithm 2."""
        optimiser = torch.optim.SGD(E.parameters(), self.learning_rate, self.momentum)
        x, M = inputs.x.to(inputs.precision), inputs.n_regions
        edges = self._edges(z, inputs)
        raw_labels, few = torch.tensor(self.partitions), torch.tensor(False)
        for done in updates:
            F = E(x, inputs.valid)
            # That of the last iteration: by now it is known, and nothing waits for it.
            if few:
                return self._few_labels(int(raw_labels), done)
            c = assign(F)
            raw_labels = _present(c, inputs.valid, self.partitions)
            few = (raw_labels <= self.min_labels) & (inputs.scribbles is None)
            C = vote(c, z, M, self.partitions)
            losses = self._losses(F, C[z] - 1, z, edges, inputs)
            loss = torch.stack(list(losses.values())).sum()
            votes = small(C, self.partitions)
            yield Step(done, self.iterations, votes, raw_labels, _detached(losses))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            del F, loss, losses  # the next forward needs the room
        return None

    def _losses(
        self, F: Tensor, y: Tensor, z: Tensor, edges: Tensor, inputs: Inputs
    ) -> dict[str, Tensor]:
        """Return the terms of equation 9, and the one of the scribbles."""
        losses, M = {}, inputs.n_regions
        if inputs.scribbles is not None:
            y = y.masked_fill(inputs.scribbles >= 0, -1)
            losses["scribbles"] = self.scribble_weight * cross_entropy(F, inputs.scribbles)
        losses["labels"] = self.label_weight * cross_entropy(F, y)
        wide = F.to(torch.promote_types(F.dtype, torch.float32))
        G = mean(wide.detach(), z, M)
        Q = mean(wide.softmax(dim=1), z, M)
        W = similarity(G, edges, self.sigma)
        beta = self.cut_weight * len(z) / M**2
        losses["cut"] = beta * soft_cut(Q, edges, W)
        return losses

    def freeze(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Measure and keep the statistics of each normalisation; return the partitions."""
        measure(cast(Embedding, network).autoencoder, inputs.x, inputs.valid)
        return assign(measure(network, inputs.x, inputs.valid))

    def predict(self, network: nn.Module, x: Tensor, valid: Tensor | None) -> Tensor:
        """Classify with the statistics kept."""
        return assign(network(x, valid))

    def smoothed(self, network: nn.Module, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Return the smoothed image x^R, from which superpixels may be made.

        Parameters
        ----------
        network : torch.nn.Module
            As frozen by a run of no more than `autoencoder_iterations`: the cut changes the
            encoder, and the decoder does not follow.
        x : Tensor
            ``(N, C, *spatial)`` scaled image.
        valid : Tensor or None
            ``(N, 1, *spatial)`` bool, True where there are data; None when that is everywhere.

        Returns
        -------
        Tensor
            ``(N, C, *spatial)`` between 0 and 1.
        """
        with torch.no_grad():
            x_r: Tensor = cast(Embedding, network).autoencoder(x, valid)
        return x_r

    def _side(self, ndim: int) -> int:
        """Side of a crop that has as many pixels as a plane's."""
        return max(8, round(float(self.crop_size ** (2 / ndim))))

    def _untrained(self, E: Embedding, t: Tensor, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Return votes and number of labels before the first update."""
        with torch.no_grad():
            c = assign(E(inputs.x.to(inputs.precision), inputs.valid))
        votes = vote(c, t, inputs.n_regions, self.partitions)
        return small(votes, self.partitions), _present(c, inputs.valid, self.partitions)

    def _edges(self, z: Tensor, inputs: Inputs) -> Tensor:
        """Find the superpixels whose centres are nearer than d, in pixels; none across images."""
        ndim, pixels = z.ndim - 1, int((z > 0).sum())
        d = self.neighbourhood * (pixels / inputs.n_regions) ** (1 / ndim)
        apart = 2 * d + sum(z.shape[1:])
        centres = centroids(z, inputs.n_regions, [apart] + [1.0] * ndim)[1:]
        return torch.from_numpy(near(centres.cpu().numpy(), d) + 1).to(z.device)

    def _few_labels(self, found: int, done: int) -> Stop:
        labels = f"{found} label{' is' if found == 1 else 's are'}"
        rule = f"{self.min_labels} {'is' if self.min_labels == 1 else 'are'} left"
        sentence = f"Only {labels} left before the vote after {done} iterations"
        return Stop("min_labels", f"{sentence} (it stops when {rule}).")

    def _uncut(self, first: int) -> Stop:
        sentence = f"All {self.iterations} iterations trained the autoencoder"
        return Stop("finished", f"{sentence}: ask for more than {first} to cut.")


def _detached(losses: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: term.detach() for name, term in losses.items()}


def _present(c: Tensor, valid: Tensor | None, K: int) -> Tensor:
    """Count the partitions that some pixel has, without waiting for the answer."""
    counted = c + 1 if valid is None else (c + 1) * valid[:, 0]
    return (areas(counted, K)[1:] > 0).sum()


def _check_size(shape: Sequence[int]) -> None:
    coarse = prod(-(-n // DSC.stride) for n in shape[1:])
    if shape[0] * coarse < 2:
        raise ValueError(
            f"An image of {' x '.join(map(str, shape[1:]))} pixels is too small for DSC: it needs "
            f"more than {DSC.stride} along some axis."
        )
