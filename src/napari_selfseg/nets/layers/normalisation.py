"""Normalisation of responses over the pixels of the batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_selfseg.machine.buffers import lends

from .batch_norm import batch_norm

EPS = 1e-5


class Normalisation(nn.Module):
    r"""Zero mean and unit variance for every channel, after or before an optional ReLU.

    .. math:: y_i = \gamma_i \frac{z_i - \mu_i}{\sqrt{\sigma_i^2 + \epsilon}} + \beta_i,
              \qquad z = \mathrm{ReLU}(x) \text{ or } x

    which is equation 2 of Kanezaki (ICASSP 2018) with the learned scale and shift of batch
    normalisation. The mean and variance are taken

    * in training, over the pixels of the batch;
    * while *measuring* (see `napari_selfseg.nets.measure`), over the pixels of the batch, and kept
      in the buffers `mean` and `var`;
    * in evaluation, from these buffers. The arithmetic is that of measuring, bit for bit.

    Parameters
    ----------
    channels : int
        Number of channels C.
    relu : bool
        Whether a ReLU comes first.
    rectified : bool
        Whether a ReLU follows: max(y, 0) is the result.

    References
    ----------
    doi:10.1109/ICASSP.2018.8462533
    """

    mean: Tensor
    var: Tensor

    def __init__(self, channels: int, *, relu: bool = False, rectified: bool = False) -> None:
        super().__init__()
        self.relu, self.rectified = relu, rectified
        self.measuring = False
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("var", torch.ones(channels))

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Normalise responses.

        Parameters
        ----------
        x : Tensor, shape (N, C, *spatial)
            Responses, float32 or bfloat16; the statistics are float32. Overwritten by their ReLU.
        valid : Tensor of bool, shape (N, 1, *spatial), optional
            The pixels that count for the statistics; the others become 0, which is what
            convolutions see beyond the border. None means all.

        Returns
        -------
        Tensor, shape (N, C, *spatial)
            In the type of `x`, channels last.
        """
        frozen = self.measuring or not self.training
        if valid is None and not frozen and _saves(x):
            both = {"before": self.relu, "after": self.rectified}
            return batch_norm(x, self.gamma, self.beta, EPS, **both)
        z = x.relu_() if self.relu else x
        if self.measuring:
            self._measure(z, valid)
        if valid is None:
            return self._normalised(z, frozen)
        y = self._normalised(z, frozen) if frozen else self._counting(z, valid)
        return y.masked_fill(~valid, 0)

    def _normalised(self, z: Tensor, frozen: bool) -> Tensor:
        mean, var = (self.mean, self.var) if frozen else (None, None)
        plane = _plane(z)
        y = F.batch_norm(plane, mean, var, self.gamma, self.beta, training=not frozen, eps=EPS)
        return _like(y.relu_() if self.rectified else y, z)

    def _measure(self, z: Tensor, valid: Tensor | None) -> None:
        var, mean = statistics(z, valid)
        self.mean.copy_(mean)
        self.var.copy_(var)

    def _counting(self, z: Tensor, valid: Tensor) -> Tensor:
        var, mean = statistics(z, valid)
        y = self.gamma * (rows(z) - mean) * (var + EPS).rsqrt() + self.beta
        return _like((y.relu_() if self.rectified else y).to(z.dtype), z)


def statistics(z: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
    """Variance (divided by n) and mean of each channel over the valid pixels.

    Parameters
    ----------
    z : Tensor, shape (N, C, *spatial)
        Responses.
    valid : Tensor of bool, shape (N, 1, *spatial), or None
        The pixels that count.

    Returns
    -------
    var, mean : Tensor, shape (C,)
    """
    pixels = rows(z)
    if valid is not None:
        pixels = pixels[rows(valid)[:, 0]]
    wide = torch.promote_types(z.dtype, torch.float32)
    return torch.var_mean(pixels.to(wide), dim=0, correction=0)


def _saves(x: Tensor) -> bool:
    """Say whether it pays to keep less: PyTorch's own takes fewer passes of several threads."""
    return x.device.type == "cpu" and x.dtype.itemsize > 2 and lends(x.numel())


def rows(x: Tensor) -> Tensor:
    """View (N, C, *spatial) as (pixels, C); copies what is not stored channels last."""
    return x.movedim(1, -1).reshape(-1, x.shape[1])


def _like(pixels: Tensor, x: Tensor) -> Tensor:
    """Give (pixels, C), or a plane of it, the shape of `x` again, without a copy."""
    if pixels.ndim > 2:
        pixels = rows(pixels)
    return pixels.view(x.shape[0], *x.shape[2:], x.shape[1]).movedim(-1, 1)


def _plane(x: Tensor) -> Tensor:
    """Lay all pixels out as one channels-last image: PyTorch's fastest batch normalisation."""
    pixels = rows(x)
    return pixels.view(1, -1, 1, x.shape[1]).permute(0, 3, 1, 2)
