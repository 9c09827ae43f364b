"""What the label maps take that need no network, for an estimate before a run."""

from __future__ import annotations

from typing import Final

from napari_selfseg.protocol import Cost, Problem
from napari_selfseg.superpixels import at_once

__all__ = ["classical_cost"]

# As if so many bytes a pixel were read and written.
_BYTES: Final = 160_000
# Products of k-means, three maps of some twenty features and 32 clusters.
_FLOPS: Final = 3 * 2 * 20 * 32
# Bytes of a pixel at the same time, and of one of a block at work, as they were measured at
# 700 x 700 and at 2048 x 2048.
_KEPT: Final = 55.0
_KEPT_AT_WORK: Final = 300.0


def classical_cost(problem: Problem) -> Cost:
    """Say what all of them take.

    Parameters
    ----------
    problem : Problem
        Sizes.
    """
    count, together = at_once(problem.pixels, problem.ndim)
    pixels = float(problem.pixels)
    kept = _KEPT * pixels + _KEPT_AT_WORK * together
    return Cost(_FLOPS * pixels / count, _BYTES * pixels / count, kept)
