"""Segments of an image named after those of a fit, by resemblance."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["as_met", "names_of", "projected"]


def projected(names: Tensor, index: Tensor) -> Tensor:
    """Write the label of each superpixel, from 1, onto its pixels as a class from 0.

    `names` is ``(n,)``; `index` has the superpixel of each pixel, in any shape.
    """
    votes = torch.cat((torch.ones(1, dtype=torch.int64), names)).to(index.device)
    return votes[index] - 1


def names_of(
    prototypes: Tensor, names: Tensor, segments: NDArray[np.int64], features: Tensor
) -> Tensor:
    """Return the name of each superpixel's segment: that of the prototype it is nearest to.

    Parameters
    ----------
    prototypes : Tensor
        ``(S, D)`` features of the segments of a fit.
    names : Tensor
        ``(S,)`` their labels.
    segments : ndarray of int64
        ``(n,)`` segment of each superpixel, from 0.
    features : Tensor
        ``(T, D)`` of these segments.

    Returns
    -------
    Tensor
        ``(n,)`` int64.
    """
    # Exact, so that a segment of the fitted image finds itself.
    how = "donot_use_mm_for_euclid_dist"
    nearest = torch.cdist(features, prototypes.cpu(), compute_mode=how).argmin(dim=1).numpy()
    return names.cpu()[_told_apart(nearest, prototypes.cpu().numpy())][torch.from_numpy(segments)]


def as_met(labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the labels in the order in which they are first met, and which of them each is.

    Parameters
    ----------
    labels : ndarray of int64
        ``(n,)``.

    Returns
    -------
    names : ndarray of int64
        ``(S,)``, each once.
    which : ndarray of int64
        ``(n,)`` from 0 to S - 1.
    """
    names, first, which = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return names[order], place[which]


def _told_apart(nearest: NDArray[np.int64], prototypes: NDArray[np.float32]) -> Tensor:
    """Give each of the segments that are like several equal prototypes one of these, in turn."""
    alike = np.unique(prototypes, axis=0, return_inverse=True)[1].ravel()
    group, found = alike[nearest], nearest.copy()
    for each in np.flatnonzero(np.bincount(alike) > 1):
        members, those = np.flatnonzero(alike == each), np.flatnonzero(group == each)
        found[those] = members[np.arange(len(those)) % len(members)]
    return torch.from_numpy(found)
