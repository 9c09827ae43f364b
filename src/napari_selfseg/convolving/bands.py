"""A convolution of large maps band by band, into memory that is used again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import torch
from torch import Tensor

from napari_selfseg.machine.buffers import empty_maps

# Numbers of a result from which on memory counts more than the hundredths of a step that copies
# take.
LARGE: Final = 2**25
# Numbers of a band's result: what the caches hold beside what is read.
BAND: Final = 2**22


class Band(NamedTuple):
    """Rows (planes, of a volume) of a result, and how to find them.

    Attributes
    ----------
    made : slice
        Of the result.
    seen : slice
        Of what is convolved.
    pad : int
        Rows of zeros before and after those seen.
    first : int
        Results to leave out at the beginning.
    """

    made: slice
    seen: slice
    pad: int
    first: int


def banded(numbers: float) -> bool:
    """Say whether a result of so many float32 numbers is made in bands, into lent memory."""
    return numbers >= LARGE


def in_bands(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Tensor:
    """Convolve float32 maps with oneDNN, with zeros beyond the border.

    A large result is made in bands, which are copied, while the caches hold them, to where the
    result is to lie: oneDNN itself only writes to memory of its own.

    Parameters
    ----------
    x : Tensor of float32, shape (N, C, *spatial)
        Channels last, on the CPU.
    weight : Tensor, shape (classes, C, *sizes)
        Kernels of odd size, the same along each axis.
    bias : Tensor, shape (classes,), or None
    stride : int
        Pixels from one result to the next.

    Returns
    -------
    Tensor, shape (N, classes, *ceil(spatial / stride))
        Channels last, the same bits as of one convolution.
    """
    ndim, half = x.ndim - 2, weight.shape[-1] // 2
    sides = [-(-n // stride) for n in x.shape[2:]]
    shape = (len(x), len(weight), *sides)

    def convolved(part: Tensor, pad: int) -> Tensor:
        padding = [pad, *[half] * (ndim - 1)]
        strides, ones = [stride] * ndim, [1] * ndim
        return torch.mkldnn_convolution(part, weight, bias, padding, strides, ones, 1)

    if not banded(torch.Size(shape).numel()):
        return convolved(x, half)
    result = empty_maps(shape, x)
    rows = max(BAND * sides[0] // torch.Size(shape[1:]).numel(), 1)
    for image, found in zip(x.split(1), result.split(1), strict=True):
        for band in _bands(x.shape[2], sides[0], rows, half, stride):
            made = convolved(image[:, :, band.seen], band.pad)
            size = band.made.stop - band.made.start
            found[:, :, band.made] = made[:, :, band.first : band.first + size]
    return result


def _bands(n: int, made: int, rows: int, half: int, stride: int) -> Iterator[Band]:
    """Divide `made` results of n rows; only bands at the border see zeros, as wide as a kernel."""
    for start in range(0, made, rows):
        stop = min(start + rows, made)
        low, high = start * stride - half, (stop - 1) * stride + half + 1
        if low >= 0 and high <= n:
            yield Band(slice(start, stop), slice(low, high), 0, 0)
        else:
            # Zeros lie before and after what is seen. Where they should not, results are begun
            # earlier, so that none that is taken meets them.
            first = min(-(-half // stride), start)
            seen = slice((start - first) * stride, min(high, n))
            yield Band(slice(start, stop), seen, half, first)
