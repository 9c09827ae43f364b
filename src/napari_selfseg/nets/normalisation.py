"""Normalisation of responses over the pixels of the batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPS = 1e-5
BLOCK = 2**19  # numbers a block: a float32 copy of it stays in the processor's cache


class Normalisation(nn.Module):
    r"""Zero mean and unit variance for every channel, after an optional ReLU.

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

    References
    ----------
    doi:10.1109/ICASSP.2018.8462533
    """

    mean: Tensor
    var: Tensor

    def __init__(self, channels: int, *, relu: bool) -> None:
        super().__init__()
        self.relu = relu
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
            Responses; float32 statistics are taken also of a bfloat16 tensor.
        valid : Tensor of bool, shape (N, 1, *spatial), optional
            The pixels that count for the statistics; all are normalised. None means all.

        Returns
        -------
        Tensor, shape (N, C, *spatial)
            In the type of `x`, channels last.
        """
        if self.measuring:
            var, mean = statistics(self._rectified(x), valid)
            self.mean.copy_(mean)
            self.var.copy_(var)
        if self.measuring or not self.training:
            return self._frozen(self._rectified(x))
        if valid is not None:
            return self._masked(self._rectified(x), valid)
        if x.device.type == "cpu":
            y: Tensor = _Normalise.apply(x, self.gamma, self.beta, self.relu)  # type: ignore[no-untyped-call]
            return y
        z = self._rectified(x)
        return F.batch_norm(z, None, None, self.gamma, self.beta, training=True, eps=EPS)

    def _rectified(self, x: Tensor) -> Tensor:
        return x.relu() if self.relu else x

    def _frozen(self, z: Tensor) -> Tensor:
        y = F.batch_norm(_plane(z), self.mean, self.var, self.gamma, self.beta, eps=EPS)
        return _like(y, z)

    def _masked(self, z: Tensor, valid: Tensor) -> Tensor:
        var, mean = statistics(z, valid)
        y = self.gamma * (rows(z) - mean) * (var + EPS).rsqrt() + self.beta
        return _like(y.to(z.dtype), z)


class _Normalise(torch.autograd.Function):
    """ReLU and batch normalisation in one; on a CPU its backward takes half of PyTorch's time."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, gamma: Tensor, beta: Tensor, relu: bool) -> Tensor:
        z = x.relu() if relu else x
        y, mean, scale = torch.native_batch_norm(_plane(z), gamma, beta, None, None, True, 0.0, EPS)
        ctx.save_for_backward(z, gamma, mean, scale)
        ctx.relu = relu
        return _like(y, z)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        r"""Differentiate batch normalisation, with :math:`s = 1 / \sqrt{\sigma^2 + \epsilon}`.

        .. math:: \partial\beta = \sum g, \quad \partial\gamma = s \sum g (z - \mu), \quad
                  \partial z = \gamma s (g - \partial\beta / n - s (z - \mu) \partial\gamma / n)
        """
        z, gamma, mean, s = ctx.saved_tensors
        z_rows, g_rows = rows(z), rows(g)
        beta_grad, moment = _sums(g_rows, z_rows)
        gamma_grad = s * (moment - mean * beta_grad)
        of_g = gamma * s
        of_z = -of_g * s * gamma_grad / len(z_rows)
        constant = -of_g * beta_grad / len(z_rows) - of_z * mean
        x_grad = _combine(g_rows, z_rows, of_g, of_z, constant, masked=ctx.relu)
        return _like(x_grad, z), gamma_grad, beta_grad, None


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


def _sums(g: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """Sum g and g z over the pixels, in float32 or wider."""
    total, moment = (g.new_zeros(1, g.shape[1], dtype=_wide(g)) for _ in range(2))
    for g_block, z_block in _blocks(g, z):
        ones = torch.ones(1, len(g_block), dtype=total.dtype)
        total.addmm_(ones, g_block)
        moment.addmm_(ones, g_block * z_block)
    return total[0], moment[0]


def _combine(
    g: Tensor, z: Tensor, of_g: Tensor, of_z: Tensor, constant: Tensor, *, masked: bool
) -> Tensor:
    """Sum `of_g * g + of_z * z + constant`, where `masked` zero unless z > 0."""
    out = torch.empty_like(z)
    for (g_block, z_block), x_grad in zip(_blocks(g, z), out.split(_length(z)), strict=True):
        block = torch.addcmul(constant, z_block, of_z).addcmul_(g_block, of_g)
        x_grad.copy_(torch.ops.aten.threshold_backward(block, z_block, 0) if masked else block)
    return out


def _blocks(g: Tensor, z: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Walk over both in blocks of pixels, in float32 or wider."""
    for g_block, z_block in zip(g.split(_length(z)), z.split(_length(z)), strict=True):
        yield g_block.to(_wide(g)), z_block.to(_wide(z))


def _length(z: Tensor) -> int:
    return max(1, BLOCK // z.shape[1])


def _wide(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)
