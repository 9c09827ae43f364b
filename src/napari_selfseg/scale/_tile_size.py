"""How large a tile may be."""

from __future__ import annotations

from collections.abc import Sequence

from napari_selfseg.protocol import Fit, bytes_to_predict, halo

__all__ = ["halo_of", "tile_within"]

# Where a method sees the whole image, a tile is one: what it reads beyond its borders softens them.
GLOBAL_HALO = 32
# Sides are multiples of this, so that chunks suit readers and strides.
STEP = 64
LARGEST, SMALLEST = 2048, 128


def halo_of(fit: Fit) -> int:
    """Return how far a tile has to read beyond its borders.

    Parameters
    ----------
    fit : Fit
        What predicts.

    Returns
    -------
    int
        Pixels; a multiple of its stride. With a finite reach, tiles then equal the whole.
    """
    reach = GLOBAL_HALO if fit.reach is None else fit.reach
    return halo(reach, fit.stride)


def tile_within(fit: Fit, shape: Sequence[int], memory: int) -> tuple[int, ...]:
    """Return the largest tile that is predicted within so much memory.

    Parameters
    ----------
    fit : Fit
        What predicts.
    shape : sequence of int
        Of the image, along its spatial axes; those before the fit's own are cut into single planes.
    memory : int
        Bytes beyond what the process holds already.

    Returns
    -------
    tuple of int
        One side an axis.

    Raises
    ------
    ValueError
        When even a small tile needs more.
    """
    longest = max(shape[len(shape) - fit.ndim :])
    beyond, needed = halo_of(fit), 0
    for side in range(min(LARGEST, -(-longest // STEP) * STEP), 0, -STEP):
        needed = bytes_to_predict(fit.method, fit.in_channels, (side + 2 * beyond,) * fit.ndim)
        if needed <= memory:
            return (1,) * (len(shape) - fit.ndim) + (side,) * fit.ndim
        if side <= SMALLEST:
            break
    raise ValueError(
        f"A tile of {SMALLEST} pixels needs about {needed / 1e6:.0f} MB, and {memory / 1e6:.0f} MB "
        "are left: allow more memory, or train a smaller network."
    )
