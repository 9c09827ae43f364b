r"""Batch normalisation on the CPU in few passes over memory, with a ReLU before or after it.

.. math:: y = \gamma \frac{z - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta, \qquad
          \frac{\partial L}{\partial z} = \frac{\gamma}{\sqrt{\sigma^2 + \epsilon}} \left(
          g - \overline{g} - \frac{z - \mu}{\sigma^2 + \epsilon} \, \overline{g (z - \mu)} \right)

for the gradient g of y; means are over the pixels of the batch. Of a layer z alone is kept: y is
made again from it where the gradient of a convolution needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from napari_selfseg.machine.buffers import empty_maps
from napari_selfseg.machine.threads import rows_at_once

# Where PyTorch writes to what it reads from.
_where_positive = torch.ops.aten.threshold_backward.grad_input


def batch_norm(
    z: Tensor, gamma: Tensor, beta: Tensor, eps: float, *, before: bool, after: bool
) -> Tensor:
    """Normalise maps by their own statistics.

    Parameters
    ----------
    z : Tensor, shape (N, C, *spatial)
        float32 or float64, on the CPU. Overwritten by their ReLU where one comes first.
    gamma, beta : Tensor, shape (C,)
        Scale and shift.
    eps : float
        Added to the variance.
    before, after : bool
        Whether a ReLU comes before, and after.

    Returns
    -------
    Tensor, shape (N, C, *spatial)
        Channels last. Its `grad_fn` can make it `again`.
    """
    how = (gamma, beta, eps, before, after)
    found: Tensor = _BatchNorm.apply(z, *how)  # type: ignore[no-untyped-call]
    return found


class _Affine(NamedTuple):
    """What is done to each channel: y = scale * z + shift."""

    scale: Tensor
    shift: Tensor

    @classmethod
    def of(cls, gamma: Tensor, beta: Tensor, mean: Tensor, inverse: Tensor) -> _Affine:
        scale = gamma * inverse
        return cls(scale, beta - mean * scale)

    def __call__(self, z: Tensor, out: Tensor | None = None) -> Tensor:
        return torch.addcmul(self.shift, z, self.scale, out=out)


class _BatchNorm(torch.autograd.Function):
    """`batch_norm`, with a gradient."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, gamma: Tensor, beta: Tensor, eps: float, before: bool, after: bool
    ) -> Tensor:
        z = x.relu_() if before else x
        mean, var = torch.ops.aten.batch_norm_update_stats(_plane(z), None, None, 0.0)
        ctx.before, ctx.after, ctx.again = before, after, _again
        ctx.save_for_backward(z, gamma, beta, mean, (var + eps).rsqrt())
        return _made(ctx, *ctx.to_save)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None, None]:
        z, gamma, beta, mean, inverse = ctx.saved_tensors
        affine = _Affine.of(gamma, beta, mean, inverse)
        result = empty_maps(z.shape, z)
        if ctx.after:
            for each_g, each_z, into in _blocks(_rows(g), _rows(z), _rows(result)):
                affine(each_z, out=into)
                _where_positive(each_g, into, 0, grad_input=into)
            g = result
        to_gamma, to_beta = _sums(g, z, gamma, mean, inverse)
        n = z.numel() // z.shape[1]
        b = -affine.scale * inverse * to_gamma / n
        a = _Affine(affine.scale, -affine.scale * to_beta / n - b * mean)
        for each_g, each_z, into in _blocks(_rows(g), _rows(z), _rows(result)):
            a(each_g, out=into)
            into.addcmul_(each_z, b)
            if ctx.before:
                _where_positive(into, each_z, 0, grad_input=into)
        return result, to_gamma, to_beta, None, None, None


def _again(node: Any) -> Tensor:
    """Make the result of `batch_norm` again, of which this is the `grad_fn`."""
    return _made(node, *node.saved_tensors)


def _made(ctx: Any, z: Tensor, *how: Tensor) -> Tensor:
    y, affine = empty_maps(z.shape, z), _Affine.of(*how)
    with torch.no_grad():
        for each, into in _blocks(_rows(z), _rows(y)):
            affine(each, out=into)
            if ctx.after:
                into.relu_()
    return y


def _sums(g: Tensor, z: Tensor, gamma: Tensor, *statistics: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradients of gamma and beta alone, which is one pass."""
    how = (gamma, None, None, *statistics, True, 0.0, [False, True, True])
    found = torch.ops.aten.native_batch_norm_backward(_plane(g), _plane(z), *how)
    return found[1], found[2]


def _blocks(*rows: Tensor) -> Iterator[tuple[Tensor, ...]]:
    size = rows_at_once(*rows[0].shape)
    return zip(*(each.split(size) for each in rows), strict=True)


def _rows(x: Tensor) -> Tensor:
    return x.movedim(1, -1).reshape(-1, x.shape[1])


def _plane(x: Tensor) -> Tensor:
    """Lay all pixels out as one channels-last image: PyTorch's fastest statistics."""
    rows = _rows(x)
    return rows.view(1, -1, 1, x.shape[1]).permute(0, 3, 1, 2)
