r"""What a stroke shows: the object it lies in, and how that stands out.

Of the nodes of the component trees of all channels, bright and dark, in all resolutions, that hold
at least nine tenths of a stroke, the one is taken that is worth most,

.. math::

    v = E^4 c \, 2^{-k} \, t\big(\log_4 (A / A_0)\big) \, t\big(\log_4 (A / 4 l^2)\big), \qquad
    t(z) = \frac{1}{1 + z^2},

with its fit E to an ellipse, its contrast c, pixels that are :math:`2^k` wide, its size A, that of
the objects of the image as they are found without any example, :math:`A_0`, and the length l of
the stroke, where it is one and no click. Larger nodes are not worth more by themselves, other than
where objects are found without an example: of a crowd of nuclei the crowd would be taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_selfseg.instances._component_tree import ComponentTree, held, painted
from napari_selfseg.instances._grey import Look
from napari_selfseg.instances._plausible import SMALLEST, tree_of
from napari_selfseg.instances._resolution import Steps, coarser_steps
from napari_selfseg.instances._seen import Seen, Wanted

__all__ = ["Shown", "shown", "strokes_of"]

_HELD: Final = 0.9
_SHAPE: Final = 4
_COARSER: Final = 0.5
# What an object has of the square of a stroke, at least and about; and the shortest stroke.
_SQUARE: Final = 1.0
_SQUARES: Final = 4.0
_LONG: Final = 5
# Factors of sizes that count as much.
_OF_IMAGE: Final = 4.0
_OF_STROKE: Final = 4.0


class Shown(NamedTuple):
    """How the objects that somebody showed stand out.

    Attributes
    ----------
    steps : tuple of int
        How many pixels along each axis become one.
    masks : list of ndarray of bool
        ``(*coarse)`` the object of each stroke.
    size, contrast : float
        Geometric means over them, in coarse pixels.
    """

    look: Look
    steps: Steps
    masks: list[NDArray[np.bool_]]
    size: float
    contrast: float


def strokes_of(drawn: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Return the ``(n, ndim)`` indices of the pixels of each connected stroke."""
    pieces, n = ndi.label(drawn, np.ones((3,) * drawn.ndim))
    at = np.argwhere(pieces)
    of = pieces[tuple(at.T)]
    return [at[of == number] for number in range(1, n + 1)]


def shown(
    seen: Seen, strokes: Sequence[NDArray[np.int64]], wanted: Wanted, usual: float
) -> Shown | None:
    """Find the objects that strokes lie in; None where nothing that holds them stands out.

    `usual` is the size in pixels of an object as found without strokes; 0 where there are none.
    """
    best: tuple[float, Shown] | None = None
    for steps in ((1,) * len(seen.spacing), *coarser_steps(seen.image.shape[1:], seen.spacing)):
        coarse, pixels = seen.coarse(steps), math.prod(steps)
        least, most = wanted.coarse(steps).limits.of(coarse.pixels)
        for look in _looks(seen, wanted):
            tree = tree_of(coarse.stretched(look), coarse.spacing)
            found = [_held(tree, each // steps, (least, most), usual / pixels) for each in strokes]
            worth = math.prod(v for _, v in found) ** (1 / len(found))
            worth *= _COARSER ** math.log2(max(steps))
            if worth > 0 and (best is None or worth > best[0]):
                nodes = np.array([node for node, _ in found])
                best = worth, _described(tree, nodes, look, steps)
    return None if best is None else best[1]


def _looks(seen: Seen, wanted: Wanted) -> Iterator[Look]:
    n = len(seen.image)
    for channel in range(n) if wanted.channel == 0 else (wanted.channel - 1,):
        for dark in (False, True) if wanted.dark is None else (wanted.dark,):
            yield Look(channel, dark)


def _held(
    tree: ComponentTree, stroke: NDArray[np.int64], limits: tuple[float, float], usual: float
) -> tuple[int, float]:
    """Return the best node that holds a stroke, and its worth."""
    pixels = np.unique(stroke, axis=0)
    nodes = held(tree, pixels, _HELD)
    long = float((np.ptp(pixels, axis=0) + 1).max())
    square = long ** pixels.shape[1]
    A = tree.sizes[nodes]
    least, most = max(limits[0], SMALLEST, _SQUARE * square), limits[1]
    allowed = (least <= A) & (most >= A)
    worth = tree.fit[nodes] ** _SHAPE * tree.contrast[nodes] * allowed
    if usual:
        worth = worth * _usual(A / usual, _OF_IMAGE)
    if long >= _LONG:
        worth = worth * _usual(A / (_SQUARES * square), _OF_STROKE)
    best = int(np.argmax(worth))
    return int(nodes[best]), float(worth[best])


def _usual(ratio: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + (np.log(ratio) / math.log(factor)) ** 2))


def _described(tree: ComponentTree, nodes: NDArray[np.int64], look: Look, steps: Steps) -> Shown:
    masks = [painted(tree, nodes[k : k + 1]) > 0 for k in range(len(nodes))]
    size = float(np.exp(np.log(tree.sizes[nodes]).mean()))
    contrast = float(np.exp(np.log(tree.contrast[nodes]).mean()))
    return Shown(look, steps, [ndi.binary_fill_holes(each) for each in masks], size, contrast)
