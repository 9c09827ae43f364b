r"""Objects as nodes of the component tree: round, with an edge all around, and of about one size.

A node X of size A, with its fit E to an ellipse and its contrast c, is worth

.. math:: v = E^4 c A^{3/5},

and of all sets of nodes, none within another, the one with the largest sum is found. Its weighted
medians say which contrast :math:`c_0` and which size :math:`A_0` objects of this image have. With
these known, nodes of at least :math:`\tfrac25 c_0` are chosen anew by

.. math:: v \exp(-\tfrac12 \log^2(A / A_0)),

and say once more what is typical.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_selfseg.instances._component_tree import (
    ComponentTree,
    chosen,
    component_tree,
    painted,
)
from napari_selfseg.instances._grey import Levels

__all__ = [
    "LEAST_CONTRAST",
    "Limits",
    "Plausible",
    "Typical",
    "plausible",
    "smoothed",
    "span_of",
    "stretched",
    "tree_of",
]

# Smallest object in pixels where nobody says, and largest one, of the image.
SMALLEST: Final = 20
LARGEST: Final = 0.25
_LEVELS: Final = 256
# Percentiles between which grey values are told apart.
_DARKEST: Final = 1.0
_BRIGHTEST: Final = 99.8
_SMOOTHING: Final = 1.0
_EDGES: Final = 0.7
LEAST_CONTRAST: Final = 0.4


class Limits(NamedTuple):
    """Sizes of objects in pixels.

    Attributes
    ----------
    smallest, largest : float
        0 where nobody says.
    """

    smallest: float = 0.0
    largest: float = 0.0

    def of(self, pixels: int) -> Limits:
        """Say what holds for an image of so many pixels."""
        return Limits(self.smallest or SMALLEST, self.largest or LARGEST * pixels)


class Typical(NamedTuple):
    """What objects of an image are like.

    Attributes
    ----------
    size : float
        Pixels; 0 where nothing was found.
    contrast : float
        Slope at their borders.
    size_at_first, contrast_at_first : float
        The same of the first choice, which the second one went by.
    """

    size: float = 0.0
    contrast: float = 0.0
    size_at_first: float = 0.0
    contrast_at_first: float = 0.0


class Plausible(NamedTuple):
    """Objects that were found, and what they are like.

    Attributes
    ----------
    labels : ndarray of int32
        ``(*spatial)`` objects from 1; 0 of the background.
    worth : float
        Sum of what the objects are worth.
    """

    labels: NDArray[np.int32]
    typical: Typical
    worth: float


def smoothed(grey: NDArray[np.floating[Any]], spacing: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the grey values, bright objects, of which `stretched` takes the percentiles."""
    found: NDArray[np.float32] = ndi.gaussian_filter(
        np.asarray(grey, np.float32), _SMOOTHING / spacing
    )
    return found


def span_of(pixels: NDArray[np.float32]) -> tuple[float, float]:
    """Return the grey value that becomes 0, and how far above it lies the one that becomes 1.

    `pixels` are those with data, from `smoothed`.
    """
    low, high = np.percentile(pixels, (_DARKEST, _BRIGHTEST)) if pixels.size else (0.0, 1.0)
    return float(np.float32(low)), float(np.float32(max(high - low, 1e-6)))


def stretched(
    grey: NDArray[np.floating[Any]],
    valid: NDArray[np.bool_] | None,
    spacing: NDArray[np.float64],
    levels: Levels | None = None,
) -> NDArray[np.float32]:
    """Smooth grey values, bright objects, and bring nearly all of them to the range 0 to 1.

    The result is 0 where `valid` is False. `levels` are those of the image where this is a part of
    one.
    """
    s = smoothed(grey, spacing)
    if levels is None:
        darkest, span = span_of(s if valid is None else s[valid])
    else:
        darkest, span = levels.darkest, levels.span
    u: NDArray[np.float32] = np.clip((s - np.float32(darkest)) / np.float32(span), 0, 1)
    if valid is not None:
        u[~valid] = 0
    return u


def tree_of(u: NDArray[np.float32], spacing: NDArray[np.float64]) -> ComponentTree:
    """Return the component tree of grey values from `stretched`."""
    levels = np.round(u * (_LEVELS - 1)).astype(np.int32)
    slope = ndi.gaussian_gradient_magnitude(u, _EDGES / spacing)
    return component_tree(levels, slope, spacing)


def plausible(
    u: NDArray[np.float32],
    spacing: NDArray[np.float64],
    limits: Limits,
    *,
    dark: bool,
    known: Typical | None = None,
) -> Plausible:
    """Find objects brighter than what is around in grey values from `stretched`.

    `dark` says that they are dark in the image, where an edge says more than a size does. `known`
    is what another image has told of the objects.
    """
    tree = tree_of(u, spacing)
    least, most = limits.of(u.size)
    allowed = (tree.sizes >= least) & (tree.sizes <= most)
    value = tree.fit**4 * tree.contrast * tree.sizes**0.6 * allowed
    if known is None:
        size, contrast = _typical(tree, chosen(tree, value), value, dark=dark)
    else:
        size, contrast = known.size_at_first, known.contrast_at_first
    if size:
        value = value * np.exp(-(np.log(tree.sizes / size) ** 2) / 2)
        value[tree.contrast < LEAST_CONTRAST * contrast] = 0
    nodes = chosen(tree, value)
    typical = known or Typical(*_typical(tree, nodes, value, dark=dark), size, contrast)
    nodes = nodes[tree.contrast[nodes] >= LEAST_CONTRAST * typical.contrast]
    return Plausible(painted(tree, nodes), typical, float(value[nodes].sum()))


def _typical(
    tree: ComponentTree, nodes: NDArray[np.int64], value: NDArray[np.float64], *, dark: bool
) -> tuple[float, float]:
    """Return size and contrast."""
    if not len(nodes):
        return 0.0, 0.0
    c, A = tree.contrast[nodes], tree.sizes[nodes]
    # Of bright objects the large ones tell, of dark ones those with the sharpest borders: stains
    # and shadows are as dark, but not as sharp.
    weights = value[nodes] * (c**2 * A**-0.3 if dark else A**0.5)
    return float(np.exp(_median(np.log(A), weights))), _median(c, weights)


def _median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    upto = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(upto, 0.5 * upto[-1])])
