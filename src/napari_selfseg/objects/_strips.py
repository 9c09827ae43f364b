"""A whole label map measured strip by strip, so that little is held at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.objects._parts import BEYOND, Parts, brought_together, parts_of

__all__ = ["measured"]

# Pixels of a strip: what is measured takes some hundred bytes each.
LARGEST: Final = 2**20


def measured(
    labels: NDArray[np.integer[Any]],
    channels: Sequence[NDArray[Any]] = (),
    kinds: NDArray[Any] | None = None,
) -> Parts:
    """Measure all objects.

    What is larger than a strip is measured in several: sums are then made in another order, and
    may differ in their last digits.

    Parameters
    ----------
    labels, channels, kinds
        As for `parts_of`, of all of the image.
    """
    strips = list(_strips(labels.shape))
    if len(strips) < 2:
        return parts_of(labels, channels=channels, kinds=kinds)
    parts = [_strip(labels, channels, *each) for each in strips]
    return brought_together(parts)._replace(kinds=kinds)


def _strip(
    labels: NDArray[np.integer[Any]], channels: Sequence[NDArray[Any]], start: int, stop: int
) -> Parts:
    around, rest = max(start - BEYOND, 0), (0,) * (labels.ndim - 1)
    inner = (slice(start - around, stop - around), *(slice(None) for _ in rest))
    wide = labels[around : stop + BEYOND]
    return parts_of(wide, inner, (start, *rest), [each[start:stop] for each in channels])


def _strips(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    rows = max(LARGEST // max(prod(shape[1:]), 1), 1)
    return ((start, min(start + rows, shape[0])) for start in range(0, shape[0], rows))
