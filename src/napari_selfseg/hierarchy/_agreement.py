"""How often the two sides of a border have different labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["disagreement", "half_distances"]


def disagreement(
    families: Mapping[str, Sequence[NDArray[Any]]], edges: NDArray[np.integer[Any]]
) -> NDArray[np.float64]:
    r"""Return the share of label maps that have a border where two superpixels meet.

    The complement is the co-association of evidence accumulation. Families of maps, such as the
    iterations of one run, count equally however many maps they have. A map may say which share of
    the pixels of a superpixel each of its labels has; then half the L1 distance of two such
    histograms takes the place of being different, which is the same where all pixels agree.

    Parameters
    ----------
    families : mapping of str to sequence of ndarray
        Label maps of each family, ``(n + 1,)`` one label a superpixel, or ``(n + 1, k)`` shares of
        its labels; entry 0 is not read.
    edges : ndarray of int
        ``(E, 2)`` neighbouring superpixels from 1.

    Returns
    -------
    ndarray of float64
        ``(E,)`` between 0 and 1.

    Raises
    ------
    ValueError
        When there is no map.

    References
    ----------
    Fred and Jain, Combining multiple clusterings using evidence accumulation, IEEE TPAMI 2005,
    doi:10.1109/TPAMI.2005.113.
    """
    shares = [_share(maps, edges) for maps in families.values() if len(maps)]
    if not shares:
        raise ValueError("There are no label maps to compare: take at least one step.")
    found: NDArray[np.float64] = np.mean(shares, axis=0)
    return found


def _share(maps: Sequence[NDArray[Any]], edges: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    a, b = edges.T
    apart = np.zeros(len(edges))
    for votes in maps:
        apart += votes[a] != votes[b] if votes.ndim == 1 else half_distances(votes, edges)
    return apart / len(maps)


def half_distances(
    shares: NDArray[np.floating[Any]], edges: NDArray[np.integer[Any]]
) -> NDArray[np.float64]:
    """Return half the L1 distance, ``(E,)``, of the histograms on both sides of each border.

    `shares` has those of each superpixel, ``(n + 1, k)``, and `edges` the pairs, ``(E, 2)``.
    """
    a, b = edges.T
    total = np.zeros(len(edges))
    for column in shares.T:  # one at a time: all at once would take many times the memory
        total += np.abs(column[a] - column[b])
    return total / 2
