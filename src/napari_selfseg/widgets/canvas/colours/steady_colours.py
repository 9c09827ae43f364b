"""Colours that stay with their segments where these get other numbers."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from napari.utils.colormaps import CyclicLabelColormap
from numpy.typing import NDArray

__all__ = ["following"]

# Pixels along an axis that are compared, about.
_SEEN: Final = 256


def following(
    colours: CyclicLabelColormap, labels: NDArray[Any], before: NDArray[Any]
) -> CyclicLabelColormap:
    """Reorder colours so that each label has the colour of what lay in its place.

    `colours` are those of the labels `before`, that of 0 first.
    """
    from napari_selfseg.hierarchy import matched

    some = tuple(slice(None, None, max(n // _SEEN, 1)) for n in labels.shape)
    now, then, n = labels[some], before.reshape(labels.shape)[some], len(colours.colors) - 1
    both = (now > 0) & (now <= n) & (then > 0) & (then <= n)
    if not both.any():
        return colours
    found = matched(now[both], then[both].astype(np.int64), np.ones(np.count_nonzero(both)))
    numbers, first = np.unique(now[both], return_index=True)
    order = _completed(n, numbers.astype(np.int64), found[first])
    return CyclicLabelColormap(colors=colours.colors[order], background_value=0)


def _completed(n: int, numbers: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the other labels the colours that are left; what fits its number keeps its colour."""
    order = np.arange(n + 1)
    order[numbers] = wanted
    taken = np.isin(np.arange(n + 1), wanted)
    others = np.setdiff1d(np.arange(n + 1), numbers)
    homeless = others[taken[others]]
    left = np.setdiff1d(numbers, wanted)
    order[homeless] = left[: len(homeless)]
    return order
