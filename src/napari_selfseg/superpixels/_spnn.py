"""SPNN: a small network, trained on the one image, assigns its pixels to superpixels."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from napari_selfseg.colours import lab
from napari_selfseg.labelmaps import split
from napari_selfseg.losses import clustering, edges, reconstructions, smoothness
from napari_selfseg.nets import SPNN, coordinates, initialise, part, soft_means, soft_project
from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels._base import Superpixels
from napari_selfseg.superpixels._tidy import merge_small

__all__ = ["Spnn"]

# Weights of equation 8 for COCO-Stuff, table 12 (eta is gamma there), and lambda and sigma of
# equations 9 and 10.
BETA, ETA, LAMBDA, SIGMA = 5.0, 1.0, 2.0, 10.0
RATE: Final = 0.02
# Pixels of a superpixel at least while the network learns.
FEWEST: Final = 12
# Smaller pieces than this share of the mean are merged.
_SMALLEST_SHARE: Final = 0.25


class Spnn(Superpixels):
    """Superpixels of a convolutional network fitted to the image.

    The network gives the probability of each pixel to be in each of N superpixels. Its loss
    (equation 8) wants certain pixels and superpixels of equal weight, no borders but on edges, and
    superpixels from whose mean colours the image, with its edges, can be made again. Pixels take
    the likeliest superpixel; connected pieces of it are superpixels, and small pieces join the
    neighbour of the nearest colour: what is left may be more or fewer than were asked for.

    As in Suzuki's network, on which it is based, the place of a pixel is seen beside its colours.
    Both are in units of their standard deviation: with colours between 0 and 1 an edge would hardly
    count in equations 10 and 13. The network learns on the image shrunk, with at least 12 pixels a
    superpixel, and then labels the whole one.

    Notes
    -----
    Eliasof, Ben Zikri & Treister (2022), Unsupervised image semantic segmentation through
    superpixels and graph neural networks, section 3.3, doi:10.48550/arXiv.2210.11810.
    Suzuki (2020), Superpixel segmentation via convolutional neural networks with regularized
    information maximization, doi:10.48550/arXiv.2002.06765.
    """

    name: ClassVar[str] = "spnn"
    title: ClassVar[str] = "SPNN"
    ndims: ClassVar[tuple[int, ...]] = (2,)
    connectivity: ClassVar[int] = 1

    n_segments: int = parameter(
        200,
        "About how many superpixels to make: so many before they are parted; the time is in "
        "proportion.",
        minimum=1,
        maximum=10_000,
        source="N = 200, appendix A.2",
        words="Number of pieces",
    )
    iterations: int = parameter(
        100, "Updates of the network.", minimum=1, maximum=100_000, source="10 epochs"
    )
    width: int = parameter(
        4,
        "Channels of the first layer, of which others have up to eight times as many.",
        minimum=1,
        maximum=256,
        source="64, table 7",
        words="Network size",
    )
    compactness: float = parameter(
        1.0,
        "Weight of place against colour.",
        minimum=0.001,
        maximum=1000,
        source="chosen on BSDS500",
    )
    smoothness: float = parameter(
        0.5,
        "Weight of the borders that do not lie on edges; less follows the image closer.",
        minimum=0,
        maximum=1000,
        source="alpha = 1 and 2, table 12; less keeps to borders better in short runs",
    )
    shrink: int = parameter(
        4,
        "The network learns on an image so many times smaller along each axis.",
        minimum=1,
        maximum=64,
        words="Learn at a size divided by",
    )
    seed: int = parameter(
        0,
        "Seed of the network: the same seed gives the same superpixels again.",
        minimum=0,
        maximum=2**31 - 1,
        words="Random start",
    )

    @property
    def bytes_a_pixel(self) -> int:
        """A map of each superpixel: many while the network learns, few in the last forward."""
        return round(self.n_segments * (85 / self.shrink**2 + 12))

    def work(self, pixels: int) -> float:
        """Updates on the image shrunk, and one forward of the whole."""
        factor = self._factor(pixels, min(self.n_segments, pixels))
        return pixels * (1 + 3 * self.iterations / factor**2)

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        pixels = int(mask.sum())
        n = min(self.n_segments, pixels)
        if n == 1:
            return np.ones(mask.shape, dtype=np.int64)
        with torch.inference_mode(False), torch.enable_grad():
            labels = self._labelled(image, spacing, mask, n)
        pieces = split(np.where(mask, labels + 1, 0), self.connectivity)
        return merge_small(pieces, _SMALLEST_SHARE * pixels / n, lab(image))

    def _labelled(
        self,
        image: NDArray[np.float32],
        spacing: NDArray[np.float64],
        mask: NDArray[np.bool_],
        n: int,
    ) -> NDArray[np.int64]:
        """Return the likeliest superpixel of each pixel, from 0."""
        valid = None if mask.all() else torch.from_numpy(mask)[None, None]
        x = torch.from_numpy(image).movedim(-1, 0)[None]
        seen = _seen(x, valid, spacing, self.compactness)
        network = SPNN(seen.shape[1], x.shape[1], n, self.width)
        initialise(network, torch.Generator().manual_seed(self.seed))
        part(network)
        factor = self._factor(int(mask.sum()), n)
        self._fit(network, *_shrunk(seen, valid, factor), x.shape[1])
        with torch.no_grad():
            found: NDArray[np.int64] = network(seen, valid).P.argmax(1)[0].numpy()
        return found

    def _factor(self, pixels: int, n: int) -> int:
        """Return how many times smaller the image is while the network learns."""
        return min(self.shrink, max(int((pixels / (FEWEST * n)) ** 0.5), 1))

    def _fit(self, network: SPNN, seen: Tensor, valid: Tensor | None, channels: int) -> None:
        """Minimise equation 8."""
        image = seen[:, :channels]
        optimiser = torch.optim.Adam(network.parameters(), RATE)
        for _ in range(self.iterations):
            P, I_tilde, _ = network(seen, valid)
            I_P = soft_project(P, soft_means(P, image))
            loss = (
                clustering(P, LAMBDA, valid)
                + self.smoothness * smoothness(P, image, SIGMA, valid)
                + BETA * reconstructions(image, I_tilde, I_P, valid)
                + ETA * edges(image, I_tilde, I_P, valid=valid)
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def _seen(
    x: Tensor, valid: Tensor | None, spacing: NDArray[np.float64], compactness: float
) -> Tensor:
    """Return colours and place, each with mean 0 and variance 1, and 0 without data."""
    steps = torch.from_numpy(spacing[::-1].copy()).to(x.dtype).view(1, 2, 1, 1)
    places = coordinates(x, valid) * steps
    # Both coordinates on one scale, so that superpixels of a long image are not stretched.
    spread = compactness / _moments(places, valid)[1].square().mean().sqrt().clamp(min=1e-6)
    mean, deviation = _moments(x, valid)
    seen = torch.cat([(x - mean) / deviation.clamp(min=1e-3), places * spread], dim=1)
    return seen.contiguous() if valid is None else seen * valid


def _moments(x: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each channel, (1, C, 1, 1)."""
    rows = x[0].flatten(1) if valid is None else x[0][:, valid[0, 0]]
    var, mean = torch.var_mean(rows, dim=1, correction=0)
    return mean.view(1, -1, 1, 1), var.sqrt().view(1, -1, 1, 1)


def _shrunk(seen: Tensor, valid: Tensor | None, factor: int) -> tuple[Tensor, Tensor | None]:
    """Average blocks of pixels; a block counts where one of its pixels does."""
    if factor == 1:
        return seen, valid
    small = F.avg_pool2d(seen, factor, ceil_mode=True)
    if valid is None:
        return small.contiguous(), None
    share = F.avg_pool2d(valid.to(seen.dtype), factor, ceil_mode=True)
    return small / share.clamp(min=1e-6), share > 0
