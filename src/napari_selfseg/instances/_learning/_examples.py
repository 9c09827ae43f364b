"""Pixels a network learns from: those of certain objects, and of what is certainly none."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_selfseg.instances._ellipses import fit_of_labels

__all__ = ["Examples", "examples"]

# An object whose fit to an ellipse is at least this is certain.
CERTAIN: Final = 0.85
# Pixels from objects from which on there is certainly none, and up to which the rim goes.
_APART: Final = 2
_RIM: Final = 8
# Pixels of each kind at most, and how many are too few to learn from.
_MOST: Final = 7500
_FEWEST: Final = 50
# How often a pixel counts that a person says lies in an object.
_OFTEN: Final = 10


class Examples(NamedTuple):
    """Indices of pixels in the flat image; each of a kind counts as often as any other."""

    objects: NDArray[np.int64]
    background: NDArray[np.int64]

    @property
    def enough(self) -> bool:
        """Whether something can be learned from them."""
        return min(len(self.objects), len(self.background)) >= _FEWEST


def examples(
    labels: NDArray[np.int32],
    valid: NDArray[np.bool_] | None,
    drawn: NDArray[np.int64] | None,
    spacing: NDArray[np.float64],
    rng: np.random.Generator,
) -> Examples:
    """Draw pixels of certain objects, and of the background near to and far from objects.

    `drawn` is 0 where a person says there are objects, above 0 where there are none, and -1
    elsewhere.
    """
    _, fit = fit_of_labels(labels, spacing)
    certain = fit >= CERTAIN
    certain[0] = False
    on = certain[labels]
    away = ndi.distance_transform_edt(labels == 0, sampling=spacing) if labels.any() else None
    off = np.ones(labels.shape, bool) if away is None else away > _APART
    rim = np.zeros(labels.shape, bool) if away is None else off & (away <= _RIM)
    if valid is not None:
        on, off, rim = on & valid, off & valid, rim & valid
    said = {True: np.zeros(0, np.int64), False: np.zeros(0, np.int64)}
    if drawn is not None:
        yes, no = drawn == 0, drawn > 0
        # An object that a person says is none is none as a whole.
        no |= np.isin(labels, np.unique(labels[no & (labels > 0)])) & ~yes
        on, off, rim = on & ~no, off & ~no & ~yes, rim & ~no & ~yes
        # What a person says weighs up to half as much as all that was found. A short stroke on one
        # object weighs less: the others are like it, and not all of its pixels.
        count = min(_MOST // 2, _OFTEN * int(np.count_nonzero(yes)))
        said = {True: _again(yes, count, rng), False: _again(no, _MOST // 2, rng)}
    objects = np.concatenate((_some(on, _MOST, rng), said[True]))
    found = (_some(off, _MOST, rng), _some(rim, _MOST // 2, rng), said[False])
    return Examples(objects, np.concatenate(found))


def _again(where: NDArray[np.bool_], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    found = np.flatnonzero(where)
    return rng.choice(found, count) if len(found) else found


def _some(where: NDArray[np.bool_], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    found = np.flatnonzero(where)
    return rng.choice(found, most, replace=False) if len(found) > most else found
