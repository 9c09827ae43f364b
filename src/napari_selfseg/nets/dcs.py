"""The deep clustering subnetwork of DIC: soft clustering as layers that gradients pass."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_selfseg.nets.layers.convolution import Convolution
from napari_selfseg.nets.layers.normalisation import rows

# A centre whose associations add up to less than this share of one pixel moves towards the origin
# instead of dividing by nothing.
EPS = 1e-6
# Products of so many pixels are added up: some processors add the pixels of one product one by one
# in float32, and have lost four digits after 2**14 of them.
BLOCK = 2**11


def associations(y: Tensor, omega: Tensor) -> Tensor:
    r"""Say how much each pixel belongs to each centre.

    .. math:: H = \mathrm{softmax}(Y \Omega^T) \qquad (2)

    Parameters
    ----------
    y : Tensor, shape (N, C)
        Features Y of the pixels.
    omega : Tensor, shape (M, C)
        Centres.

    Returns
    -------
    Tensor, shape (N, M)
        Rows that add up to 1, in the type of `y`.

    References
    ----------
    doi:10.1109/ACCESS.2020.2974496
    """
    return torch.softmax(y @ omega.to(y.dtype).t(), dim=1)


def centres(h: Tensor, y: Tensor) -> Tensor:
    r"""Move each centre to the mean of the features, weighted by what belongs to it.

    .. math:: \Omega_k = \frac{\sum_n H_{nk} Y_n}{\sum_n H_{nk}} \qquad (3)

    The paper prints the sum below as one over m; only a sum over n gives a mean.

    Parameters
    ----------
    h : Tensor, shape (N, M)
        Associations; 0 for pixels that do not count.
    y : Tensor, shape (N, C)
        Features Y of the pixels.

    Returns
    -------
    Tensor, shape (M, C)
        In float32 or wider.

    References
    ----------
    doi:10.1109/ACCESS.2020.2974496
    """
    wide = torch.promote_types(y.dtype, torch.float32)
    weight = h.sum(dim=0, dtype=wide).clamp(min=EPS)
    return _products(h, y).to(wide) / weight[:, None]


def _products(h: Tensor, y: Tensor) -> Tensor:
    """Return H^T Y; one product over millions of pixels would lose digits, sums of sums do not."""
    parts = [p.t() @ q for p, q in zip(h.split(BLOCK), y.split(BLOCK), strict=True)]
    return torch.stack(parts).sum(0)


class DCS(nn.Module):
    """Deep clustering subnetwork of DIC (figure 3): Y in, the aggregated features out.

    From the initial centres, `rounds` times associations (equation 2) and centres (equation 3),
    then each pixel becomes the mean of the centres it belongs to (equation 4). The centres are
    those of all pixels of the batch. `freeze` keeps them, and in evaluation a pixel is read with
    the centres kept: two 1x1 convolutions with a softmax between.

    Parameters
    ----------
    classes : int
        Dimension C of the features.
    n_centres : int
        Number M of centres.
    rounds : int
        How often the centres are moved.
    ndim : int
        2 for planes, 3 for volumes.

    References
    ----------
    Zhou and Wei, DIC: Deep Image Clustering for Unsupervised Image Segmentation, IEEE Access 2020,
    doi:10.1109/ACCESS.2020.2974496, section III-A.2.
    """

    initial: Tensor

    def __init__(self, classes: int, n_centres: int, rounds: int, ndim: int = 2) -> None:
        super().__init__()
        self.rounds = rounds
        self.register_buffer("initial", torch.zeros(n_centres, classes))
        # Of a fit: the centres of the last associations, and those of the last round.
        self.associating = Convolution(classes, n_centres, 1, ndim, bias=False)
        self.aggregating = Convolution(n_centres, classes, 1, ndim, bias=False)
        self.associating.requires_grad_(False)
        self.aggregating.requires_grad_(False)

    def draw(self, generator: torch.Generator) -> None:
        """Draw the initial centres, directions of length 1; the generator is on the CPU."""
        drawn = torch.randn(self.initial.shape, generator=generator)
        self.initial.copy_(drawn / drawn.norm(dim=1, keepdim=True))

    def forward(self, y: Tensor, valid: Tensor | None = None) -> Tensor:
        """Aggregate features.

        Parameters
        ----------
        y : Tensor, shape (N, C, *spatial)
            Features Y, float32 or bfloat16.
        valid : Tensor of bool, shape (N, 1, *spatial), optional
            The pixels that count for the centres; None means all.

        Returns
        -------
        Tensor, shape (N, C, *spatial)
            In the type of `y`, channels last.
        """
        if not self.training:
            return self._read(y)
        h, _, omega = self._rounds(y, valid)
        pixels = h @ omega.to(h.dtype)
        return pixels.view(y.shape[0], *y.shape[2:], y.shape[1]).movedim(-1, 1)

    def freeze(self, y: Tensor, valid: Tensor | None = None) -> Tensor:
        """Keep the centres of these features, and read the features with them.

        Parameters
        ----------
        y : Tensor, shape (N, C, *spatial)
            Features Y, float32.
        valid : Tensor of bool, shape (N, 1, *spatial), optional
            The pixels that count for the centres; None means all.

        Returns
        -------
        Tensor, shape (N, C, *spatial)
            Those of an evaluation, bit for bit.
        """
        with torch.no_grad():
            _, before, omega = self._rounds(y, valid)
            self.associating.weight.copy_(before.view_as(self.associating.weight))
            self.aggregating.weight.copy_(omega.t().reshape(self.aggregating.weight.shape))
            return self._read(y)

    def _rounds(self, features: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return H of the last round, the centres it was computed with, and the last centres."""
        y, omega = rows(features), self.initial
        beyond = None if valid is None else ~rows(valid)
        for _ in range(self.rounds):
            before = omega
            h = associations(y, before)
            omega = centres(h if beyond is None else h.masked_fill(beyond, 0), y)
        return h, before, omega

    def _read(self, y: Tensor) -> Tensor:
        h = torch.softmax(self.associating(y).movedim(1, -1), dim=-1).movedim(-1, 1)
        features: Tensor = self.aggregating(h)
        return features
