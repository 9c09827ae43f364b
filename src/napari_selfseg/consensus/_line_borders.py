r"""How dark, or bright, the line is along which superpixels meet.

With lines of polarity :math:`s` and width :math:`\sigma` (`napari_selfseg.superpixels._lines`),
:math:`v_{ab}` the mean of :math:`s G_{0.6 \sigma} L` along a border and :math:`l_{ab}` its length,
the height of the border is its rank by length,

.. math:: h_{ab} = \sum_{v_{cd} \ge v_{ab}} l_{cd} \Big/ \sum l_{cd}

from nearly 0 where the light goes on to 1 at the deepest line. Contrast and exposure do not change
it. Regions are merged by the mean height along their border times

.. math:: \min\left(1, \frac{\min(|A|, |B|)}{(17 \sigma)^d}\right)^{0.1}

so that what counts as small is so many widths of a line long, at any resolution.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.superpixels._lines import FINER, Lines, lights
from napari_selfseg.superpixels._merge_tree import Arcs

__all__ = ["CUT", "POWER", "line_heights", "smallest_cell"]

# Where the tree is cut, and the exponent of sizes; of the two specimens of electron micrographs
# measured, one is best cut at .72 and the other at .80.
CUT: Final = 0.73
POWER: Final = 0.1
_CELL: Final = 17.0


def line_heights(
    index: NDArray[np.integer[Any]],
    image: NDArray[np.floating[Any]],
    spacing: NDArray[np.float64],
    lines: Lines,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Measure the borders of any superpixels.

    Parameters
    ----------
    index : ndarray of int
        ``(*spatial)`` superpixels from 1; 0 for no data.
    image : ndarray of float
        ``(*spatial, C)`` in 0..1, finite everywhere.
    spacing : ndarray of float64
        ``(ndim,)`` sizes of a pixel, the smallest 1.
    lines : Lines
        As from `find_lines`.

    Returns
    -------
    edges : ndarray of int64
        ``(E, 2)`` superpixels that touch, from 0, sorted.
    heights : ndarray of float64
        ``(E,)`` from 0 to 1.
    lengths : ndarray of float64
        ``(E,)`` faces of pixels.
    """
    light = lights(image)[..., lines.channel]
    smooth = lines.polarity * ndimage.gaussian_filter(light, FINER * lines.sigma / spacing)
    arcs = Arcs.between(index.astype(np.int32), smooth)
    return arcs.ends - 1, _ranks(-arcs.strength / arcs.length, arcs.length), arcs.length


def smallest_cell(lines: Lines, spacing: NDArray[np.float64]) -> float:
    """Return up to how many pixels a region joins its neighbours more readily.

    Parameters
    ----------
    lines : Lines
        As from `find_lines`.
    spacing : ndarray of float64
        ``(ndim,)``.

    Returns
    -------
    float
    """
    return float(np.prod(_CELL * lines.sigma / spacing))


def _ranks(values: NDArray[np.float64], lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of all length that has this value or a smaller one."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(lengths[order])
    # Equal values have equal ranks.
    upto = np.searchsorted(values[order], values, side="right") - 1
    found: NDArray[np.float64] = total[upto] / max(total[-1], 1) if len(total) else total
    return found
