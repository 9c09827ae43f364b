"""Softmax cross entropy of responses."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from napari_selfseg.machine.buffers import empty_maps
from napari_selfseg.machine.threads import rows_at_once


def cross_entropy(responses: Tensor, target: Tensor, ignore: int = -1) -> Tensor:
    r"""Softmax cross entropy, averaged over the pixels that have a target.

    .. math:: L = -\frac{1}{|V|} \sum_{n \in V} \log \mathrm{softmax}(y_n)_{c_n},
              \qquad V = \{n : c_n \ne \mathrm{ignore}\}

    Where no pixel has a target the loss and its gradient are 0.

    Parameters
    ----------
    responses : Tensor, shape (N, classes, *spatial)
        Responses y; fast where they are stored channels last.
    target : Tensor of int64, shape (N, *spatial)
        Class index c of each pixel.
    ignore : int
        The target that means none.

    Returns
    -------
    Tensor, shape ()
        In float32 or wider.
    """
    if responses.device.type == "cpu" and responses.dtype.itemsize > 2:
        found: Tensor = _CrossEntropy.apply(responses, target, ignore)  # type: ignore[no-untyped-call]
        return found
    # In rows, as F.cross_entropy copies channels-last maps to planes: three times the time.
    y, c = _rows(responses), target.reshape(-1)
    size = (c != ignore).sum().clamp(min=1)
    if y.dtype.itemsize > 2:
        return F.cross_entropy(y, c, ignore_index=ignore, reduction="sum") / size
    # A sum in bfloat16 would be off by per cents.
    each = F.cross_entropy(y, c, ignore_index=ignore, reduction="none")
    return each.sum(dtype=torch.float32) / size


class _CrossEntropy(torch.autograd.Function):
    """The gradient is made with the loss, in one pass over memory, and all that is kept."""

    @staticmethod
    def forward(ctx: Any, responses: Tensor, target: Tensor, ignore: int) -> Tensor:
        counts = target != ignore
        size = counts.sum().clamp(min=1)
        gradient = empty_maps(responses.shape, responses)
        total = responses.new_zeros((), dtype=torch.float64)
        rows = (_rows(responses), _rows(gradient), target.reshape(-1, 1), counts.reshape(-1, 1))
        n = rows_at_once(target.numel(), responses.shape[1])
        for y, found, c, count in zip(*(each.split(n) for each in rows), strict=True):
            torch.ops.aten._log_softmax.out(y, 1, False, out=found)
            c = c.where(count, 0)
            total -= found.gather(1, c).mul_(count).sum()
            found.exp_().scatter_add_(1, c, found.new_full((1, 1), -1).expand_as(c))
            found.mul_(count / size)
        ctx.save_for_backward(gradient)
        return (total / size).to(responses.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        # The weight of the only loss is 1 most often.
        return gradient if g.numpy() == 1 else gradient * g, None, None


def _rows(x: Tensor) -> Tensor:
    return x.movedim(1, -1).reshape(-1, x.shape[1])
