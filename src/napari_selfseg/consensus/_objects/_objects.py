r"""Objects on a background: nodes of a tree that are round, of one kind, and of about one size.

A node X (`napari_selfseg.consensus._objects._nodes`) of less than a tenth of the image is worth

.. math:: q_X = \text{ellipse}^4\ \text{ring}\ \text{coherence}\ \text{compact}^{1/2}

The direction :math:`u` in which objects differ from what is around is the first eigenvector of
:math:`\sum_X |X| (q_X - 0.4)_+ D_X D_X^T / \|D_X\|^2`, with :math:`c_X` the cosine of :math:`D_X`
and :math:`u`. For both signs of :math:`u`, dynamic programming on the tree finds the nodes, none
within another, with the largest

.. math:: \sum_X |X|^{1/2} (q_X c_X^+ - 0.4)

and the better sign stays. With these objects known, two rounds more, with 0.2 for 0.4, take

.. math::

    q_X = \text{ellipse}^4\ \text{ring}^4\ \text{coherence}\ \text{compact}^{1/4}\ c_X^+\
          f_X^{1/2} \exp(-r_+^2 / 2 - r_-^2 / 8)

where :math:`r` is the logarithm of the size over the mean size of the last objects (geometric,
weighted by the root of the size), and :math:`f_X` the mean over X of where along :math:`u` a
superpixel lies between the background, 0, and the objects, 1.

An image is one of objects where the first ones and one background explain much of the variance of
its colours, and where the sum of the other sign is small: what is round in a photograph is as
often darker as brighter than what is around.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled
from napari_selfseg.consensus._objects._nodes import Nodes, summed
from napari_selfseg.consensus._objects._pieces import Pieces

__all__ = ["LARGEST", "SMALLEST", "Objects", "find_objects"]

# Largest object, of the image; smallest one where nobody says, in pixels.
LARGEST: Final = 0.1
SMALLEST: Final = 30
# What a node has to be worth to be an object: at first, and where others are known.
_FIRST: Final = 0.4
_THEN: Final = 0.2
_ROUNDS: Final = 2
# Spread of the logarithm of sizes, above and below the mean.
_ABOVE: Final = 1.0
_BELOW: Final = 2.0
# Share of variance from which on an image is one of objects, and what objects of the opposite
# contrast may be worth against them.
_EXPLAINED: Final = 0.2
_OPPOSITE: Final = 1 / 3


class Objects(NamedTuple):
    """What was found on an image, whether it is one of objects or not.

    Attributes
    ----------
    of : ndarray of int64
        ``(n,)`` node of the tree that is the object of each superpixel, -1 of the background.
    explained : float
        Share of the variance of the colours that objects on one background explain.
    opposite : float
        What those of the opposite contrast would be worth, as a share of these.
    """

    of: NDArray[np.int64]
    explained: float
    opposite: float

    @property
    def clear(self) -> bool:
        """Whether the image is one of objects on a background."""
        return self.explained >= _EXPLAINED and self.opposite <= _OPPOSITE


def find_objects(of: Nodes, leaves: Pieces, smallest: float = 0.0) -> Objects:
    """Choose the nodes that are objects.

    They have `smallest` pixels at least; 0 stands for those of most images.
    """
    allowed = (of.sizes >= (smallest or SMALLEST)) & (of.sizes < LARGEST * leaves.sizes.sum())
    worth = of.ellipse**4 * of.ring * of.coherence * of.compact**0.5
    direction = _direction(of, worth)
    both = [
        _best(of, worth * np.maximum(_cosines(of, u), 0), _FIRST, allowed)
        for u in (direction, -direction)
    ]
    sign = int(both[1][1] > both[0][1])
    u, owner = (direction, -direction)[sign], both[sign][0]
    opposite = both[1 - sign][1] / max(both[sign][1], 1e-9)
    explained = _explained(leaves, owner)
    known = of.ellipse**4 * of.ring**4 * of.coherence * of.compact**0.25
    known = known * np.maximum(_cosines(of, u), 0)
    for _ in range(_ROUNDS):
        if len(np.unique(owner[owner >= 0])) < 2:
            break
        likely = known * _of_their_size(of, owner) * np.sqrt(_like_objects(of, leaves, owner, u))
        owner, _ = _best(of, likely, _THEN, allowed)
    return Objects(owner, explained, opposite)


def _cosines(of: Nodes, u: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.sqrt((of.differences**2).sum(axis=1))
    found: NDArray[np.float64] = (of.differences @ u) / np.where(length > 0, length, 1)
    return found


def _direction(of: Nodes, worth: NDArray[np.float64]) -> NDArray[np.float64]:
    weight = np.maximum(worth - _FIRST, 0) * of.sizes
    square = np.maximum((of.differences**2).sum(axis=1), 1e-18)
    spread = (of.differences * (weight / square)[:, None]).T @ of.differences
    first: NDArray[np.float64] = np.linalg.eigh(spread)[1][:, -1]
    return first


def _of_their_size(of: Nodes, owner: NDArray[np.int64]) -> NDArray[np.float64]:
    sizes = of.sizes[np.unique(owner[owner >= 0])]
    usual = np.average(np.log(sizes), weights=np.sqrt(sizes))
    r = np.log(np.maximum(of.sizes, 1)) - usual
    found: NDArray[np.float64] = np.exp(
        -0.5 * (np.maximum(r, 0) / _ABOVE) ** 2 - 0.5 * (np.minimum(r, 0) / _BELOW) ** 2
    )
    return found


def _like_objects(
    of: Nodes, leaves: Pieces, owner: NDArray[np.int64], u: NDArray[np.float64]
) -> NDArray[np.float64]:
    along, on = leaves.colours @ u, owner >= 0
    if on.all():
        return np.ones(len(of.sizes))
    there = np.average(along[on], weights=leaves.sizes[on])
    ground = np.average(along[~on], weights=leaves.sizes[~on])
    place = np.clip((along - ground) / max(there - ground, 1e-6), 0, 1)
    return summed((place * leaves.sizes)[:, None], of.children)[:, 0] / of.sizes


def _explained(leaves: Pieces, owner: NDArray[np.int64]) -> float:
    _, group = np.unique(owner, return_inverse=True)
    weight = leaves.sizes[:, None]
    total = np.bincount(group, leaves.sizes)[:, None]
    means = np.stack([np.bincount(group, c) for c in (weight * leaves.colours).T], axis=1) / total
    mean = (weight * leaves.colours).sum(axis=0) / leaves.sizes.sum()
    variance = float((weight * (leaves.colours - mean) ** 2).sum())
    left = float((weight * (leaves.colours - means[group]) ** 2).sum())
    return 1 - left / variance if variance > 0 else 0.0


def _best(
    of: Nodes, worth: NDArray[np.float64], least: float, allowed: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], float]:
    """Return the object of each superpixel, and what all are worth together."""
    gain = np.where(allowed, np.sqrt(of.sizes) * (worth - least), 0.0)
    n = len(of.children) - int(np.count_nonzero(of.children[:, 0] >= 0))
    return _antichain(gain, of.children, n)


@compiled
def _antichain(
    gain: NDArray[np.float64], children: NDArray[np.int64], n: int
) -> tuple[NDArray[np.int64], float]:
    """Choose nodes, none within another, with the largest sum of gains."""
    best, taken = np.maximum(gain, 0.0), gain > 0
    owner = np.full(len(gain), -1)
    whole = np.ones(len(gain), np.bool_)
    for i in range(n, len(gain)):
        parts = best[children[i, 0]] + best[children[i, 1]]
        whole[children[i, 0]] = whole[children[i, 1]] = False
        if parts >= best[i]:
            best[i], taken[i] = parts, False
    for i in range(len(gain) - 1, -1, -1):
        if owner[i] < 0 and taken[i]:
            owner[i] = i
        if i >= n:
            owner[children[i, 0]] = owner[children[i, 1]] = owner[i]
    return owner[:n], best[whole].sum()
