r"""How dark, or bright, the line is along which superpixels meet.

With lines of polarity :math:`s` and width :math:`\sigma`
(`napari_selfseg.superpixels._watersheds._lines`),
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

from napari_selfseg.consensus._sources import Borders, Faces, Parts, touching
from napari_selfseg.machine.threads import side_by_side
from napari_selfseg.superpixels._watersheds._lines import FINER, Lines, light

__all__ = ["CUT", "POWER", "heights_of", "line_faces", "line_heights", "smallest_cell"]

# Where the tree is cut, and the exponent of sizes; of the two specimens of electron micrographs
# measured, one is best cut at .72 and the other at .80.
CUT: Final = 0.73
POWER: Final = 0.1
_CELL: Final = 17.0


def line_heights(borders: Borders, parts: Parts, lines: Lines) -> NDArray[np.float64]:
    """Measure the borders of any superpixels, block by block: ``(E,)`` from 0 to 1."""
    strengths, keys = np.zeros(len(borders.edges)), borders.edges @ (borders.n + 1, 1)
    for faces in side_by_side(
        lambda number: line_faces(parts, number, borders.superpixels, lines), len(parts.grid)
    ):
        strengths[np.searchsorted(keys, faces.edges @ (borders.n + 1, 1))] += faces.strengths
    return heights_of(strengths, borders.lengths)


def line_faces(parts: Parts, number: int, superpixels: Any, lines: Lines) -> Faces:
    """Measure the borders that are a block's own, with the light along lines added up.

    Parameters
    ----------
    superpixels : array_like of int
        ``(*spatial)`` from 1; 0 for no data.
    lines : Lines
        As from `find_lines`.
    """
    seen = parts.seen(number)
    own = np.asarray(superpixels[parts.grid.outer(number)])
    sigma = np.full(own.ndim, FINER * lines.sigma)
    smooth = lines.polarity * ndimage.gaussian_filter(light(seen.filled, lines.channel), sigma)
    return touching(own, parts.grid.crop(number), smooth)


def heights_of(strengths: NDArray[np.float64], lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank borders by the mean light along them, from 0 to 1.

    `strengths` and `lengths` are the sum over the faces of each border, and how many faces there
    are, ``(E,)``.
    """
    return _ranks(-strengths / np.maximum(lengths, 1), lengths)


def smallest_cell(lines: Lines, spacing: NDArray[np.float64]) -> float:
    """Return up to how many pixels a region joins its neighbours more readily."""
    return float(np.prod(_CELL * lines.sigma / spacing))


def _ranks(values: NDArray[np.float64], lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of all length that has this value or a smaller one."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(lengths[order])
    # Equal values have equal ranks.
    upto = np.searchsorted(values[order], values, side="right") - 1
    found: NDArray[np.float64] = total[upto] / max(total[-1], 1) if len(total) else total
    return found
