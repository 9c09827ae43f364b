"""Convolutions whose forward pass is oneDNN's, and whose gradients are made the fastest way."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from .bands import in_bands
from .choice import way_for
from .ways import backward

LAST: Final = {2: torch.channels_last, 3: torch.channels_last_3d}


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1) -> Tensor:
    """Convolve, with zeros beyond the border.

    Parameters
    ----------
    x : Tensor, shape (N, C, *spatial)
        Images.
    weight : Tensor, shape (classes, C, *sizes)
        Kernels of odd size, the same along each axis, in the type of `x`.
    bias : Tensor, shape (classes,), optional
        In the type of `x`.
    stride : int
        Pixels from one result to the next.

    Returns
    -------
    Tensor, shape (N, classes, *spatial)
        Stored channels last.
    """
    x = x.contiguous(memory_format=LAST[x.ndim - 2])
    if not (_ours(x) and _learns(x, weight, bias)):
        return _forward(x, weight, bias, stride)
    found: Tensor = _Convolution.apply(x, weight, bias, stride)  # type: ignore[no-untyped-call]
    return found


def convolve_transposed(x: Tensor, weight: Tensor, more: list[int]) -> Tensor:
    """Apply the transposed convolution of stride 2 that `convolve` with stride 2 is undone by.

    Parameters
    ----------
    x : Tensor, shape (N, C, *spatial)
        Images.
    weight : Tensor, shape (C, classes, *sizes)
        Kernels of odd size, the same along each axis, in the type of `x`.
    more : list of int
        Pixels, 0 or 1 an axis, of the result beyond 2n - 1.

    Returns
    -------
    Tensor, shape (N, classes, *spatial)
    """
    x = x.contiguous(memory_format=LAST[x.ndim - 2])
    if not (_ours(x) and _learns(x, weight)):
        return _transposed(x, weight, more)
    found: Tensor = _Transposed.apply(x, weight, more)  # type: ignore[no-untyped-call]
    return found


def _ours(x: Tensor) -> bool:
    """Say whether the passes of the convolution are chosen here."""
    # In bfloat16 PyTorch's own passes are as fast, and both gradients come from one call.
    cpu_float = x.device.type == "cpu" and x.dtype == torch.float32
    return cpu_float and torch.backends.mkldnn.is_available()


def _learns(*given: Tensor | None) -> bool:
    return torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in given)


def _forward(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Tensor:
    ndim, pad = x.ndim - 2, weight.shape[-1] // 2
    # F.conv2d gives small images to other kernels, which round differently: tiles of an image
    # would then differ from the whole in the last bits.
    if _ours(x):
        return in_bands(x, weight, bias, stride)
    return (F.conv2d if ndim == 2 else F.conv3d)(x, weight, bias, padding=pad, stride=stride)


def _transposed(x: Tensor, weight: Tensor, more: list[int]) -> Tensor:
    transposed = F.conv_transpose2d if x.ndim == 4 else F.conv_transpose3d
    pad = weight.shape[-1] // 2
    return transposed(x, weight, stride=2, padding=pad, output_padding=more)


def _to_input(g: Tensor, x: Tensor, weight: Tensor, stride: int) -> Tensor:
    if stride > 1:
        found: Tensor = backward(g, x, weight, stride, (True, False))[0]
        return found
    # The convolution with the kernels turned round. The gradient that PyTorch takes for small
    # kernels and images (unfolded, with products) takes two to three times as long.
    turned = weight.transpose(0, 1).flip(*range(2, x.ndim))
    return _forward(g, turned.contiguous(), None, 1)


def _to_weight(x: Tensor, g: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Return the gradient of the kernels that made a result with gradient g from x."""
    return way_for(x, g, weight.shape[-1], stride)(x, g, weight.shape[-1], stride)


def _keep(ctx: Any, x: Tensor, weight: Tensor) -> None:
    """Keep what the gradients need; of maps that can be made again, how."""
    ctx.source = x.grad_fn if hasattr(x.grad_fn, "again") else None
    ctx.save_for_backward(weight, *([] if ctx.source else [x]))


def _kept(ctx: Any) -> tuple[Tensor, Tensor]:
    weight, *x = ctx.saved_tensors
    return (x[0] if x else ctx.source.again(ctx.source)), weight


class _Convolution(torch.autograd.Function):
    """`convolve`, with a gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Tensor:
        _keep(ctx, x, weight)
        ctx.stride = stride
        return _forward(x, weight, bias, stride)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        x, weight = _kept(ctx)
        g = g.contiguous(memory_format=LAST[x.ndim - 2])
        to_input, to_weight, to_bias, _ = ctx.needs_input_grad
        return (
            _to_input(g, x, weight, ctx.stride) if to_input else None,
            _to_weight(x, g, weight, ctx.stride) if to_weight else None,
            _to_bias(g) if to_bias else None,
            None,
        )


def _to_bias(g: Tensor) -> Tensor:
    # In rows, which is channels last without gaps.
    pixels = g.movedim(1, -1).reshape(-1, g.shape[1])
    return pixels.sum(0)


class _Transposed(torch.autograd.Function):
    """`convolve_transposed`, with a gradient: of the convolution it undoes, backwards."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, more: list[int]) -> Tensor:
        _keep(ctx, x, weight)
        return _transposed(x, weight, more)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = _kept(ctx)
        g = g.contiguous(memory_format=LAST[x.ndim - 2])
        to_input, to_weight, _ = ctx.needs_input_grad
        return (
            _forward(g, weight, None, 2) if to_input else None,
            _to_weight(g, x, weight, 2) if to_weight else None,
            None,
        )
