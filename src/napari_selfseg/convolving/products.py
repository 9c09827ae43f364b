r"""The gradient of a convolution's weights as products of matrices.

.. math:: \frac{\partial L}{\partial W_{o,i,t}} = \sum_p g_{p,o} \, x_{s p + t - \lfloor k/2
          \rfloor, i}

for taps t of a kernel of size k, stride s and 0 beyond the border. For a block of rows of the
result the taps along a row are written side by side; those across rows are then the same memory,
read from another row on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import torch
from torch import Tensor

# Pixels of a block at most.
MOST_PIXELS: Final = 2**16


class Blocks(NamedTuple):
    """How products are made.

    Attributes
    ----------
    add : callable
        ``add(to, g, x)`` adds the product of g, transposed, and x to the sum of `to`, float32
        matrices of shape (parts, out, in).
    size : int
        Bytes that the taps of a block take.
    parts : int
        Sums that are made side by side.
    """

    add: Callable[[Tensor, Tensor, Tensor], None]
    size: int
    parts: int


def weight_gradient(x: Tensor, g: Tensor, size: int, stride: int, blocks: Blocks) -> Tensor:
    """Return the gradient of the weights of a convolution padded with half its size.

    Parameters
    ----------
    x : Tensor, shape (N, in, *spatial)
        What was convolved, channels last; two or three axes.
    g : Tensor, shape (N, out, *ceil(spatial / stride))
        Gradient of the result, channels last.
    size, stride : int
        Of the kernel along every axis; an odd size.
    blocks : Blocks
        How products are made.

    Returns
    -------
    Tensor of float32, shape (out, in, *sizes)
    """
    if x.ndim == 4:
        return _of_planes(x.movedim(1, -1), g.movedim(1, -1), size, stride, blocks)
    taps = [_at_depth(x, g, tap, size, stride, blocks) for tap in range(size)]
    return torch.stack(taps, dim=2)


def _at_depth(x: Tensor, g: Tensor, tap: int, size: int, stride: int, blocks: Blocks) -> Tensor:
    """Return the weights' gradient of a volume at one tap along the first spatial axis."""
    seen, made = _reached(tap - size // 2, stride, x.shape[2], g.shape[2])
    planes, gradients = (each.permute(0, 2, 3, 4, 1) for each in (x[:, :, seen], g[:, :, made]))
    return _of_planes(planes.flatten(0, 1), gradients.flatten(0, 1), size, stride, blocks)


def _of_planes(x: Tensor, g: Tensor, size: int, stride: int, blocks: Blocks) -> Tensor:
    """Return the weights' gradient of planes (N, H, W, in) and (N, h, w, out)."""
    channels, made = x.shape[-1], g.shape[-1]
    total = torch.zeros(size, blocks.parts, made, size * channels)
    for gradient, rows in _blocks(x, g, size, stride, blocks):
        for tap in range(size):
            seen = rows[tap % stride, tap // stride :][: len(gradient)]
            blocks.add(total[tap], gradient.flatten(0, 1), seen.flatten(0, 1))
    return total.sum(1).view(size, made, size, channels).permute(1, 3, 0, 2)


def _blocks(
    x: Tensor, g: Tensor, size: int, stride: int, blocks: Blocks
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield rows (r, w, out) of the gradient and the rows of taps they meet.

    The latter have the shape (stride, r + size - 1, w, size * in): of the rows that are seen, those
    that a stride skips lie in planes of their own.
    """
    height, width = g.shape[1:3]
    channels = x.shape[-1]
    pixels = min(blocks.size // (size * channels * x.element_size()), MOST_PIXELS)
    step = max(pixels // width, 1)
    # Parts are of the same number of pixels.
    step = min(step - step % blocks.parts or step, height)
    taps = x.new_zeros(stride, step + size - 1, width, size * channels)
    for image, gradients in zip(x, g, strict=True):
        for first in range(0, height, step):
            gradient = gradients[first : first + step]
            if size == stride == 1:
                yield gradient, image[None, first : first + step]
            else:
                _write(taps, image, first, len(gradient), size)
                yield gradient, taps


def _write(taps: Tensor, image: Tensor, first: int, n: int, size: int) -> None:
    """Write the taps that n rows of the result see, from row `first` on; 0 beyond the image."""
    stride, channels = len(taps), image.shape[-1]
    for phase, rows in enumerate(taps):
        count = n + (size - 1 - phase) // stride
        offset = first * stride + phase - size // 2
        seen, made = _reached(offset, stride, len(image), count)
        rows[: made.start].zero_()
        rows[made.stop : count].zero_()
        for tap in range(size):
            here, there = _reached(tap - size // 2, stride, image.shape[1], rows.shape[1])
            column = slice(tap * channels, (tap + 1) * channels)
            rows[made, there, column] = image[seen, here]


def _reached(offset: int, stride: int, n: int, count: int) -> tuple[slice, slice]:
    """Return which of n values lie at offset + stride * m for m from 0 to count, and those m."""
    begin = max(0, -(offset // stride))
    end = max(begin, min(count, (n - 1 - offset) // stride + 1))
    start = offset + begin * stride
    return slice(start, max(offset + (end - 1) * stride + 1, start), stride), slice(begin, end)
