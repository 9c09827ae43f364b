"""What the networks of DSC compute, move and keep, from their sizes."""

from __future__ import annotations

from typing import NamedTuple

from napari_selfseg.nets.superae import LEVELS, widths


class Work(NamedTuple):
    """Of an update, a pixel.

    Attributes
    ----------
    flops : float
        Additions and multiplications of the convolutions, forward and backward: nothing flows
        back into the image.
    moved : float
        Bytes that all else reads and writes, or takes as long as.
    kept : float
        Bytes of the maps kept for the backward pass, and of those where the gradient begins.
    """

    flops: float
    moved: float
    kept: float


def embedding_work(
    in_channels: int,
    ndim: int,
    itemsize: int,
    masked: bool,
    width: int,
    classes: int,
    normalised: bool,
) -> Work:
    """Return the work of `Embedding`, with softmax, votes and means over superpixels.

    Parameters
    ----------
    in_channels, ndim, itemsize, masked
        As in a `Problem`.
    width : int
        Channels of the first level.
    classes : int
        Partitions K.
    normalised : bool
        Whether the responses are.
    """
    maps = sum(n * size for n, size in zip(widths(width), _sizes(ndim), strict=True))
    forward = _encoder(in_channels, ndim, width) + classes * (in_channels + maps)
    image = in_channels * (3**ndim * width + classes)
    moved = (maps + classes * normalised) * _layer(itemsize, masked) + 100 * classes
    moved += _strided(in_channels, ndim, itemsize, width)
    kept = maps * _saved(itemsize, masked) + classes * (2 * itemsize + 24)
    return Work(2 * (3 * forward - image), moved, kept)


def autoencoder_work(in_channels: int, ndim: int, itemsize: int, masked: bool, width: int) -> Work:
    """Return the work of `SuperAE`.

    Parameters
    ----------
    in_channels, ndim, itemsize, masked
        As in a `Problem`.
    width : int
        Channels of the first level.
    """
    one, two, three = widths(width)
    sizes = _sizes(ndim)
    maps = 2 * one + 2 * two * sizes[1] + three * sizes[2]
    decoder = three * two * sizes[2] + two * one * sizes[1] + one * in_channels
    forward = _encoder(in_channels, ndim, width) + 3**ndim * decoder
    image = 3**ndim * in_channels * one
    kept = maps * (_saved(itemsize, masked) + 2) + 40 * in_channels
    moved = maps * _layer(itemsize, masked) + _strided(in_channels, ndim, itemsize, width)
    return Work(2 * (3 * forward - image), moved, kept)


def n_weights(in_channels: int, ndim: int, width: int, classes: int) -> int:
    """Return how many weights `Embedding` has in its convolutions, the decoder's included.

    Parameters
    ----------
    in_channels, ndim, width, classes : int
        As of the network.
    """
    one, two, three = widths(width)
    between = 2 * in_channels * one + 2 * one * two + 2 * two * three
    return int(3**ndim * between + classes * (in_channels + one + two + three))


def _strided(in_channels: int, ndim: int, itemsize: int, width: int) -> float:
    # In float32 convolutions with a stride run backward at a part of the speed of others.
    strided = _encoder(in_channels, ndim, width) - 3**ndim * in_channels * width
    return strided / 4 if itemsize == 4 else 0.0


def _layer(itemsize: int, masked: bool) -> int:
    return 16 * itemsize + 500 * masked


def _saved(itemsize: int, masked: bool) -> int:
    return 2 * itemsize + 12 * masked


def _encoder(in_channels: int, ndim: int, width: int) -> float:
    outs = widths(width)
    layers = zip((in_channels, *outs[:-1]), outs, _sizes(ndim), strict=True)
    pairs = sum(p * q * size for p, q, size in layers)
    return float(3**ndim * pairs)


def _sizes(ndim: int) -> list[float]:
    return [float(0.5 ** (ndim * level)) for level in range(LEVELS)]
