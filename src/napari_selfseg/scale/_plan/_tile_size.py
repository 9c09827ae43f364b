"""How large a tile may be."""

from __future__ import annotations

from collections.abc import Sequence

from napari_selfseg.protocol import Method, bytes_to_predict, halo

__all__ = ["halo_of", "tile_within"]

# Where a method sees the whole image, a tile is one: what it reads beyond its borders softens them.
GLOBAL_HALO = 32
# Sides are multiples of this, so that chunks suit readers and strides.
STEP = 64
LARGEST = 2048
# Smallest by number of axes: a cube of 64 pixels is as many as a square of 512.
SMALLEST = {2: 128, 3: 64}


def halo_of(method: Method, ndim: int) -> int:
    """Return how many pixels a tile of `ndim` axes has to read beyond its borders.

    It is a multiple of the stride of the fit. With a finite reach, tiles then equal the whole;
    where objects are found, it is the most that is read.
    """
    if (tilewise := method.tilewise()) is not None:
        return tilewise.farthest(ndim)
    reach = GLOBAL_HALO if method.reach is None else method.reach
    return halo(reach, method.stride)


def tile_within(
    method: Method,
    in_channels: int,
    ndim: int,
    shape: Sequence[int],
    memory: int,
    largest: int = LARGEST,
    beyond: int | None = None,
) -> tuple[int, ...]:
    """Return the largest tile that is predicted within so much memory.

    Parameters
    ----------
    ndim : int
        Axes of the fit.
    shape : sequence of int
        Of the image, along its spatial axes; those before the fit's own are cut into single planes.
    memory : int
        Bytes beyond what the process holds already.
    largest : int
        Side of the largest tile wanted.
    beyond : int, optional
        How far it reads beyond its borders; `halo_of` by default.

    Returns
    -------
    tuple of int
        One side an axis.

    Raises
    ------
    ValueError
        When even a small tile needs more.
    """
    lengths = shape[len(shape) - ndim :]
    beyond = halo_of(method, ndim) if beyond is None else beyond
    smallest, needed = SMALLEST.get(ndim, STEP), 0
    for side in range(min(largest, _up(max(lengths))), 0, -STEP):
        sides = tuple(min(side, _up(n)) for n in lengths)
        read = [min(each + 2 * beyond, n) for each, n in zip(sides, lengths, strict=True)]
        needed = bytes_to_predict(method, in_channels, read)
        if needed <= memory:
            return (1,) * (len(shape) - ndim) + sides
        if side <= smallest:
            break
    raise ValueError(
        f"A tile of {smallest} pixels needs about {needed / 1e6:.0f} MB, and "
        f"{max(memory, 0) / 1e6:.0f} MB are left: allow more memory, or train a smaller network."
    )


def _up(length: int) -> int:
    return -(-length // STEP) * STEP
