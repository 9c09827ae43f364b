r"""An object grown from a click, where no object is yet.

1. Of the nodes of the component tree around the click that hold it, have an edge, lie free of other
   objects and end before the window does, the one is taken that is worth most,

   .. math:: v = E^4 c A^{3/5} \exp(-\tfrac1{10} \log^2(A / A_0)),

   with the size A, the fit E to an ellipse, the contrast c and, where there are objects,
   the typical size :math:`A_0`, as `napari_selfseg.instances._plausible` finds objects. What is
   missing is of another size more often than what was found, so the size counts less than there;
   but larger than :math:`2 A_0` it is only where nothing smaller stands out, and larger than the
   largest object never: what is dim would flow over. Without other objects it is
   :math:`A^{3/10}`.
2. Where none has an edge, a watershed of the slope between the click and what is two radii away
   is taken, where its border lies on slopes and it is not larger than :math:`2 A_0`.
3. Where it is not, the best node up to that size whose edge is as steep as the ground around.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage.segmentation import find_boundaries, watershed

from napari_selfseg.instances._component_tree import ComponentTree, component_tree
from napari_selfseg.instances._shapes import radius, typical_size

__all__ = ["NOTHING_STANDS_OUT", "grown"]

NOTHING_STANDS_OUT: Final = (
    "Nothing here stands out from what is around it: click in the middle of an object, or paint it "
    "with the brush."
)
_LEVELS: Final = 256
_EDGES: Final = 0.7
# Half a window and the way to what is surely background, in radii; a radius where none is known.
_WINDOW: Final = 5.0
_AWAY: Final = 2.0
_RADIUS: Final = 12.0
# Pixels of the smallest object, and the largest part of the window.
_SMALLEST: Final = 6
_LARGEST: Final = 0.4
# How much the size counts, and how many times the typical one an object may have.
_SIZE: Final = 0.1
_LARGER: Final = 0.6
_TIMES: Final = 2.0


class _Least(NamedTuple):
    """What a node must have.

    Attributes
    ----------
    fit : float
        Likeness to an ellipse.
    edge : float
        Slope along the border, of the median slope around.
    faintest : float
        The same, of what the borders of the objects around have.
    size : float
        How much the size counts.
    """

    fit: float
    edge: float
    faintest: float
    size: float


_CLEAR: Final = _Least(0.7, 1.5, 0.2, _SIZE)
_FAINT: Final = _Least(0.5, 1.0, 0.1, 0.5)


class _Near(NamedTuple):
    """What is around a click."""

    tree: ComponentTree
    nodes: NDArray[np.intp]  # that hold it
    taken: NDArray[np.bool_]
    cut: list[tuple[bool, bool]]
    ground: float  # median slope
    usual: float  # slope along the borders of objects
    size: float  # typical one; 0 without objects

    def least(self, wanted: _Least) -> float:
        """Return the slope that a border must have."""
        return max(wanted.edge * self.ground, wanted.faintest * self.usual)


def grown(
    labels: NDArray[Any],
    grey: NDArray[np.float32],
    point: tuple[int, ...],
    spacing: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return the pixels of the object at a click.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)`` objects there are, from 1; 0 at the click.
    grey : ndarray of float32
        ``(*spatial)`` 0 to 1, larger in objects.
    spacing : ndarray of float64
        Size of a pixel along each axis, with a product of 1.

    Returns
    -------
    ndarray of bool
        ``(*spatial)`` True in it; none of its pixels has a label.

    Raises
    ------
    ValueError
        When nothing there stands out.
    """
    size = typical_size(labels)
    r = radius(size, labels.ndim) if size else _RADIUS
    half = np.maximum(np.ceil(_WINDOW * r / spacing).astype(int), 3)
    low = np.maximum(np.array(point) - half, 0)
    high = np.minimum(np.array(point) + half + 1, labels.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    cut = [(a > 0, b < n) for a, b, n in zip(low, high, labels.shape, strict=True)]
    click = tuple((np.array(point) - low).tolist())
    taken, u = labels[box] > 0, grey[box]
    slope = ndi.gaussian_gradient_magnitude(u, _EDGES / spacing)
    tree = _tree(u, slope, taken, spacing)
    nodes = _holding(tree, int(tree.of[click]))
    ground = float(np.median(slope[~taken]))
    near = _Near(tree, nodes, taken, cut, ground, _usual(labels[box], slope), size)
    most = _TIMES * size if size else math.inf
    largest = float(np.bincount(labels.ravel())[1:].max(initial=0))
    found = _node(near, _CLEAR, most)
    if found is None and largest > most:
        found = _node(near, _CLEAR, largest)
    if found is None:
        found = _flooded(slope, taken, click, r, spacing, near.least(_CLEAR))
        if found is None or np.count_nonzero(found) > most:
            found = _node(near, _FAINT, most)
    if found is None:
        raise ValueError(NOTHING_STANDS_OUT)
    whole = np.zeros(labels.shape, bool)
    whole[box] = ndi.binary_fill_holes(found) & ~taken
    return whole


def _usual(labels: NDArray[Any], slope: NDArray[np.float32]) -> float:
    """Return the median slope along the borders of the objects there are; 0 without any."""
    border = find_boundaries(labels, mode="inner")
    return float(np.median(slope[border])) if border.any() else 0.0


def _tree(
    u: NDArray[np.float32],
    slope: NDArray[np.float32],
    taken: NDArray[np.bool_],
    spacing: NDArray[np.float64],
) -> ComponentTree:
    levels = np.round(u * (_LEVELS - 2)).astype(np.int32) + 1
    levels[taken] = 0
    return component_tree(levels, slope, spacing)


def _node(near: _Near, least: _Least, most: float) -> NDArray[np.bool_] | None:
    """Return the best node that has what it must and is not larger than `most`."""
    tree, nodes, taken = near.tree, near.nodes, near.taken
    A, E, c = tree.sizes[nodes], tree.fit[nodes], tree.contrast[nodes]
    # Without a usual size the larger one of two is too large more often.
    worth = E**4 * c * A ** (_LARGER if near.size else _LARGER / 2)
    if near.size:
        worth = worth * np.exp(-least.size * np.log(A / near.size) ** 2)
    free = (A >= _SMALLEST) & (min(_LARGEST * taken.size, most) >= A)
    free &= (least.fit <= E) & (c > near.least(least))
    for best in np.argsort(-worth, kind="stable"):
        if not free[best]:
            continue
        found = _below(tree, int(nodes[best]))
        if not (found & taken).any() and not _at_cut(found, near.cut):
            return found
    return None


def _holding(tree: ComponentTree, node: int) -> NDArray[np.intp]:
    """Return the nodes that have a pixel, from the smallest to the whole."""
    found = [node]
    while tree.parents[found[-1]] != found[-1]:
        found.append(int(tree.parents[found[-1]]))
    return np.array(found, np.intp)


def _below(tree: ComponentTree, node: int) -> NDArray[np.bool_]:
    """Return the pixels of a node: each node comes after its parent."""
    within = np.zeros(len(tree.parents), bool)
    within[node] = True
    # Nodes come after their parents, so one pass reaches all descendants.
    for each in range(node + 1, len(within)):
        within[each] = within[tree.parents[each]]
    found: NDArray[np.bool_] = within[tree.of]
    return found


def _at_cut(found: NDArray[np.bool_], cut: list[tuple[bool, bool]]) -> bool:
    """Say whether something reaches a side of the window beyond which the image goes on."""
    return any(
        there and bool(np.take(found, end, axis).any())
        for axis, ends in enumerate(cut)
        for there, end in zip(ends, (0, -1), strict=True)
    )


def _flooded(
    slope: NDArray[np.float32],
    taken: NDArray[np.bool_],
    click: tuple[int, ...],
    r: float,
    spacing: NDArray[np.float64],
    least: float,
) -> NDArray[np.bool_] | None:
    away = np.zeros(taken.shape)
    for axis, (at, step) in enumerate(zip(click, spacing, strict=True)):
        shape = [-1 if axis == each else 1 for each in range(taken.ndim)]
        away = away + ((np.arange(taken.shape[axis]) - at) * step).reshape(shape) ** 2
    markers = np.where(taken | (away > (_AWAY * r) ** 2), 2, 0)
    markers[(away <= max(1.0, 0.15 * r) ** 2) & ~taken] = 1
    found = watershed(slope, markers) == 1
    border = find_boundaries(found, mode="inner")
    # What nearly fills the disk around the click is background.
    ball = math.pi * (_AWAY * r) ** 2
    fits = _SMALLEST <= np.count_nonzero(found) < (0.8 * ball if taken.ndim == 2 else taken.size)
    return found if fits and slope[border].mean() > 2 * least else None
