"""The ways to compute the gradient of a convolution's weights, and which one is taken."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from .products import Blocks, weight_gradient

SETTING: Final = "NAPARI_SELFSEG_WEIGHT_GRADIENT"
TIMED: Final = "timed"

# Bytes of the taps of a part of a block, and parts of a block.
PART: Final = 2**20
PARTS: Final = 16

Way = Callable[[Tensor, Tensor, int, int], Tensor]


def backward(
    g: Tensor, x: Tensor, weight: Tensor, stride: int, wanted: tuple[bool, bool]
) -> tuple[Any, Any]:
    """Let PyTorch compute gradients of a convolution padded with half its size.

    Parameters
    ----------
    g, x, weight : Tensor
        Gradient of the result, what was convolved, and kernels.
    wanted : tuple of bool
        Whether the gradient of x, and that of the weights.
    """
    ndim, pad = x.ndim - 2, weight.shape[-1] // 2
    found = torch.ops.aten.convolution_backward(
        *(g, x, weight, None, [stride] * ndim, [pad] * ndim, [1] * ndim),
        *(False, [0] * ndim, 1, [*wanted, False]),
    )
    return found[0], found[1]


def _channels_last(x: Tensor, g: Tensor, size: int, stride: int) -> Tensor:
    return _by_layers(x, g, size, stride)


def _contiguous(x: Tensor, g: Tensor, size: int, stride: int) -> Tensor:
    return _by_layers(x.contiguous(), g.contiguous(), size, stride)


def _by_layers(x: Tensor, g: Tensor, size: int, stride: int) -> Tensor:
    shape = (g.shape[1], x.shape[1], *(size,) * (x.ndim - 2))
    found: Tensor = backward(g, x, x.new_empty(shape), stride, (False, True))[1]
    return found


def _products(x: Tensor, g: Tensor, size: int, stride: int) -> Tensor:
    blocks = Blocks(_add, PARTS * PART * min(torch.get_num_threads(), 4), PARTS)
    return weight_gradient(x, g, size, stride, blocks)


def _onednn_products(x: Tensor, g: Tensor, size: int, stride: int) -> Tensor:
    # The caches of the second level hold a block.
    blocks = Blocks(_add_by_onednn, PART * min(2 * torch.get_num_threads(), PARTS), 1)
    return weight_gradient(x, g, size, stride, blocks)


def _add(to: Tensor, g: Tensor, x: Tensor) -> None:
    # Threads take whole parts: were each product divided, they would wait for each other often.
    each = len(g) // PARTS
    even = PARTS * each
    if each:
        parts = [rows[:even].unflatten(0, (PARTS, each)) for rows in (g, x)]
        to.baddbmm_(parts[0].mT, parts[1])
    if even < len(g):
        to[0].addmm_(g[even:].t(), x[even:])


def _add_by_onednn(to: Tensor, g: Tensor, x: Tensor) -> None:
    to[0].add_(torch.ops.mkldnn._linear_pointwise(g.t(), x.t(), None, "none", [], ""))


# The first one is taken than which none is clearly faster.
WAYS: Final[dict[str, Way]] = {
    "channels-last": _channels_last,
    "products": _products,
    "contiguous": _contiguous,
    "onednn-products": _onednn_products,
}
# With many small products, where threads wait for each other so often that another program at work
# makes them several times as slow.
ALONE: Final = ("onednn-products",)


def wanted_way() -> str:
    """Return the way the environment asks for: one of `WAYS`, or ``"timed"`` for the fastest."""
    found = os.environ.get(SETTING, TIMED)
    if found not in (TIMED, *WAYS):
        raise ValueError(f"There is no {SETTING}={found:.60}: use {', '.join((TIMED, *WAYS))}.")
    return found
