r"""How much a set of pixels is like an ellipse (an ellipsoid) with the same second moments.

The fit compares sizes and costs next to nothing. The overlap counts pixels, and sees the waist of
two round objects that touch, to which the fit is nearly blind.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["ellipse_fit", "fit_of_labels", "overlap_of_labels"]


def ellipse_fit(
    sizes: NDArray[np.float64], moments: NDArray[np.float64], within: NDArray[np.float64]
) -> NDArray[np.float64]:
    r"""Compare sizes with those of ellipses: :math:`|X| / (v_d (d + 2)^{d/2} \sqrt{\det \Sigma})`.

    Parameters
    ----------
    moments : ndarray of float64
        ``(n, d + d (d + 1) / 2)`` sums of d coordinates, and of the products of two.
    within : ndarray of float64
        ``(d,)`` variance of a coordinate within a pixel.

    Returns
    -------
    ndarray of float64
        ``(n,)`` 0 to 1, of an ellipse.
    """
    filled: NDArray[np.float64] = sizes / _ellipses(_covariance(sizes, moments, within))
    return np.minimum(filled, 1)


def fit_of_labels(
    labels: NDArray[np.integer[Any]], spacing: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the size in pixels and the ellipse fit of every label.

    Both are ``(n + 1,)``, 0 for label 0. Labels have two or three axes; the `spacing` of the pixels
    has a product of 1.
    """
    found = _measured(labels, spacing)
    fit = ellipse_fit(np.maximum(found.sizes, 1), found.moments, spacing**2 / 12)
    return found.sizes, np.where(found.sizes > 0, fit, 0)


def overlap_of_labels(
    labels: NDArray[np.integer[Any]], spacing: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Return the size in pixels of every label, and the intersection over union with its ellipse.

    With centre :math:`\mu` and covariance :math:`\Sigma` of a label in d dimensions, its ellipse is
    where :math:`(p - \mu)^T \Sigma^{-1} (p - \mu) \le d + 2`. Both are ``(n + 1,)``, 0 for label 0.
    """
    found, d = _measured(labels, spacing), labels.ndim
    count = np.maximum(found.sizes, 1)
    covariance = _covariance(count, found.moments, spacing**2 / 12)
    inverse = np.linalg.inv(covariance)
    off = [
        place - (found.moments[:, axis] / count)[found.own]
        for axis, place in enumerate(found.places)
    ]
    away = np.zeros(len(found.own))
    for one in range(d):
        for other in range(d):
            away += inverse[found.own, one, other] * off[one] * off[other]
    inside = np.bincount(found.own, away <= d + 2, len(count))
    overlap: NDArray[np.float64] = inside / (found.sizes + _ellipses(covariance) - inside)
    return found.sizes, overlap


class _Measured(NamedTuple):
    """Label and coordinates of each pixel that has a label, and their sums by label."""

    own: NDArray[np.integer[Any]]
    places: list[NDArray[np.float64]]
    sizes: NDArray[np.float64]
    moments: NDArray[np.float64]


def _measured(labels: NDArray[np.integer[Any]], spacing: NDArray[np.float64]) -> _Measured:
    n, d = int(labels.max(initial=0)) + 1, labels.ndim
    where = np.nonzero(labels)
    own = labels[where]
    # From the middle, so that products stay small.
    places = [
        (at - extent / 2) * size
        for at, extent, size in zip(where, labels.shape, spacing, strict=True)
    ]
    products = [places[one] * places[other] for one in range(d) for other in range(one, d)]
    sums = [np.bincount(own, each, n) for each in (*places, *products)]
    sizes = np.bincount(own, minlength=n).astype(np.float64)
    return _Measured(own, places, sizes, np.stack(sums, axis=1))


def _covariance(
    sizes: NDArray[np.float64], moments: NDArray[np.float64], within: NDArray[np.float64]
) -> NDArray[np.float64]:
    d = len(within)
    mean = moments[:, :d] / sizes[:, None]
    found = np.empty((len(sizes), d, d))
    column = d
    for one in range(d):
        for other in range(one, d):
            both = moments[:, column] / sizes - mean[:, one] * mean[:, other]
            found[:, one, other] = found[:, other, one] = both + within[one] * (one == other)
            column += 1
    return found


def _ellipses(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sizes of ellipses."""
    d = covariance.shape[-1]
    ball = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    spread = np.sqrt(np.maximum(np.linalg.det(covariance), 1e-9))
    sizes: NDArray[np.float64] = ball * (d + 2) ** (d / 2) * spread
    return sizes
