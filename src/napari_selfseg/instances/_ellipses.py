r"""How much a set of pixels is like an ellipse (an ellipsoid) with the same second moments.

The fit compares sizes and costs next to nothing. The overlap counts pixels, and sees the waist of
two
round objects that touch, to which the fit is nearly blind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ellipse_fit", "fit_of_labels", "overlap_of_labels"]


def ellipse_fit(
    sizes: NDArray[np.float64],
    moments: NDArray[np.float64],
    axes: Sequence[int],
    within: NDArray[np.float64],
) -> NDArray[np.float64]:
    r"""Compare sizes with those of ellipses: :math:`|X| / (v_d (d + 2)^{d/2} \sqrt{\det \Sigma})`.

    Parameters
    ----------
    sizes : ndarray of float64
        ``(n,)`` pixels.
    moments : ndarray of float64
        ``(n, 9)`` sums of three coordinates, and of the products of two: zz, zy, zx, yy, yx, xx.
    axes : sequence of int
        Those that the image has, of these three.
    within : ndarray of float64
        Variance of a coordinate within a pixel, along each of them.

    Returns
    -------
    ndarray of float64
        ``(n,)`` 0 to 1, of an ellipse.
    """
    d = len(axes)
    count = np.maximum(sizes, 1)
    column = {(0, 0): 3, (0, 1): 4, (0, 2): 5, (1, 1): 6, (1, 2): 7, (2, 2): 8}
    covariance = np.empty((len(sizes), d, d))
    for row, one in enumerate(axes):
        for other_row, other in enumerate(axes[row:], row):
            found = moments[:, column[one, other]] / count
            found = found - moments[:, one] * moments[:, other] / count**2
            if one == other:
                found = np.maximum(found, 0) + within[row]
            covariance[:, row, other_row] = covariance[:, other_row, row] = found
    ball = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    spread = np.sqrt(np.maximum(np.linalg.det(covariance), 1e-9))
    filled: NDArray[np.float64] = np.minimum(sizes / (ball * (d + 2) ** (d / 2) * spread), 1)
    return filled


def fit_of_labels(
    labels: NDArray[np.integer[Any]], spacing: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return pixels and likeness to an ellipse of every label.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)`` from 0, of two or three axes.
    spacing : ndarray of float64
        Size of a pixel along each axis, with a product of 1.

    Returns
    -------
    sizes, fit : ndarray of float64
        ``(n + 1,)``; those of label 0 are 0.
    """
    n = int(labels.max(initial=0))
    where = np.nonzero(labels)
    own = labels[where]
    sizes = np.bincount(own, minlength=n + 1).astype(np.float64)
    first = 3 - labels.ndim
    places = [
        (at - extent / 2) * size
        for at, extent, size in zip(where, labels.shape, spacing, strict=True)
    ]
    moments = np.zeros((n + 1, 9))
    column = 3
    for one in range(3):
        if one >= first:
            moments[:, one] = np.bincount(own, places[one - first], n + 1)
        for other in range(one, 3):
            if one >= first:
                both = places[one - first] * places[other - first]
                moments[:, column] = np.bincount(own, both, n + 1)
            column += 1
    return sizes, ellipse_fit(sizes, moments, range(first, 3), spacing**2 / 12)


def overlap_of_labels(
    labels: NDArray[np.integer[Any]], spacing: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Return pixels of every label, and the intersection over union with its ellipse.

    With centre :math:`\mu` and covariance :math:`\Sigma` of a label in d dimensions, its ellipse is
    where :math:`(p - \mu)^T \Sigma^{-1} (p - \mu) \le d + 2`.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)`` from 0, of two or three axes.
    spacing : ndarray of float64
        Size of a pixel along each axis, with a product of 1.

    Returns
    -------
    sizes, overlap : ndarray of float64
        ``(n + 1,)``; those of label 0 are 0.
    """
    n, d = int(labels.max(initial=0)), labels.ndim
    where = np.nonzero(labels)
    own = labels[where]
    sizes = np.bincount(own, minlength=n + 1).astype(np.float64)
    count = np.maximum(sizes, 1)
    off = []
    for at, size in zip(where, spacing, strict=True):
        place = at * size
        off.append(place - (np.bincount(own, place, n + 1) / count)[own])
    covariance = np.zeros((n + 1, d, d))
    for one in range(d):
        for other in range(one, d):
            found = np.bincount(own, off[one] * off[other], n + 1) / count
            covariance[:, one, other] = covariance[:, other, one] = found
    covariance += np.diag(spacing**2 / 12)
    inverse = np.linalg.inv(covariance)
    away = np.zeros(len(own))
    for one in range(d):
        for other in range(d):
            away += inverse[own, one, other] * off[one] * off[other]
    inside = np.bincount(own, away <= d + 2, n + 1)
    ball = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    ellipse = ball * (d + 2) ** (d / 2) * np.sqrt(np.linalg.det(covariance))
    overlap: NDArray[np.float64] = inside / (sizes + ellipse - inside)
    return sizes, overlap
