r"""Find lines that part an image into cells: membranes, walls, and how wide they are.

Lines are dark, :math:`s = 1`, or bright, :math:`s = -1`. With :math:`L` the light, from 0 to 100,
:math:`G_\sigma` a Gaussian and :math:`\lambda_\sigma` the larger eigenvalue of the Hessian of
:math:`s G_\sigma L` (of a volume the largest of three), the width is that of the most skewed
eigenvalue,

.. math:: \sigma_s = \arg\max_\sigma \gamma(\lambda_\sigma), \qquad
    \gamma(x) = \frac{E[(x - \bar x)^3]}{E[(x - \bar x)^2]^{3/2}},

as a filter that fits the lines answers strongly on them and weakly elsewhere; half the resolution
halves :math:`\sigma`. Whether the lines part anything is read off the basins of
:math:`-s G_\sigma L`, one around each maximum of :math:`s G_\sigma L`. Of two that meet, with means
:math:`m_a` and :math:`m_b` and a mean :math:`v_{ab}` along their border of length :math:`l_{ab}`,

.. math::

    d_{ab} &= \max(\min(m_a, m_b) - v_{ab}, 0) \\
    D_s &= \frac{\sum l_{ab} d_{ab}}{\sum l_{ab} (d_{ab} + |m_a - m_b|)}

is the share of depth: an edge is a step and a line is a valley. Of noise, and of texture, it is the
same for both polarities; that with the larger :math:`D_s - D_{-s}` at its width is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from napari_selfseg.colours import lab
from napari_selfseg.superpixels._watersheds._hessian import largest_eigenvalue
from napari_selfseg.superpixels._watersheds._merge_tree import Arcs
from napari_selfseg.superpixels._watersheds._window import window_of

__all__ = [
    "FINER",
    "POLARITY",
    "Lines",
    "basins",
    "channels_of",
    "find_lines",
    "light",
    "polarity_of",
]

# What parts superpixels is finer than what fits the lines, so that none is smoothed away; .5 to .75
# do equally well.
FINER: Final = 0.6


POLARITY: Final = {"dark": 1, "bright": -1}


# Widths looked for, in pixels, an octave from one resolution each.
_STEPS: Final = (1.0, 2**0.5)


_OCTAVES: Final = 4


# Pixels along an axis below which nothing is said of an octave, of planes and of volumes: some
# hundred basins have to be there.
_LEAST: Final = {2: 64, 3: 24}


_CHANNELS: Final = 8


# Membranes of every section of two specimens pass, and none of 245 other images.
_SHARE: Final = 0.33


_RATIO: Final = 1.2


_SKEWNESS: Final = 1.3


class Lines(NamedTuple):
    """Lines of an image, and how clear they are.

    Attributes
    ----------
    channel : int
        Of the image; -1 for the lightness of its colours.
    polarity : int
        1 of dark lines, -1 of bright ones.
    sigma : float
        Width of the Gaussian that fits them, in pixels of the finest axis.
    depth, opposite : float
        Share of depth of this polarity, and of the other one.
    skewness : float
        Of the Hessian's eigenvalue. Few lines, or spots, are more skewed than a net of lines.
    """

    channel: int
    polarity: int
    sigma: float
    depth: float
    opposite: float
    skewness: float

    @property
    def clear(self) -> bool:
        """Whether the image is one of cells with lines between them."""
        deep = self.depth >= max(_SHARE, _RATIO * self.opposite)
        return deep and self.skewness <= _SKEWNESS

    @classmethod
    def restored(cls, numbers: NDArray[np.float64]) -> Lines:
        """Read lines from the array that was made of them: their attributes in order."""
        channel, polarity, *rest = numbers.tolist()
        return cls(int(channel), int(polarity), *rest)


class _Level(NamedTuple):
    """An image at some resolution: light, where there are data, and the size of its pixels."""

    light: NDArray[np.float32]
    mask: NDArray[np.bool_]
    steps: NDArray[np.float64]


def channels_of(image: NDArray[np.floating[Any]]) -> list[int]:
    """Return the channels of an image in which lines are looked for, as of `Lines`.

    They are the lightness of three channels, or each channel, of more than eight those of the
    largest variance.
    """
    C = image.shape[-1]
    if C == 3:
        return [-1]
    if C <= _CHANNELS:
        return list(range(C))
    spread = image.reshape(-1, C).var(axis=0, dtype=np.float64)
    return sorted(np.argsort(-spread, kind="stable")[:_CHANNELS].tolist())


def light(image: NDArray[np.floating[Any]], channel: int) -> NDArray[np.float32]:
    """Return what lines are looked for in, from 0 to 100; `channel` is as of `Lines`."""
    found = lab(image)[..., 0] if channel < 0 else image[..., channel] * 100
    return found.astype(np.float32)


def polarity_of(structure: str) -> int:
    """Return which lines somebody asks for: 1 dark ones, -1 bright ones, 0 the clearer ones."""
    return POLARITY.get(structure.removesuffix("_lines"), 0)


def find_lines(
    image: NDArray[np.floating[Any]],
    spacing: NDArray[np.float64],
    mask: NDArray[np.bool_],
    polarity: int = 0,
) -> Lines:
    """Find the clearest lines of all channels, in a window of a large image.

    Parameters
    ----------
    image : ndarray of float
        ``(*spatial, C)`` in 0..1, finite everywhere.
    spacing : ndarray of float64
        ``(ndim,)`` sizes of a pixel, the smallest 1.
    mask : ndarray of bool
        ``(*spatial)``, True where there are data.
    polarity : int
        Of the lines; 0 for the clearer ones.
    """
    window = window_of(mask.shape, lambda box: int(np.count_nonzero(mask[box])))
    seen, data = image[window], mask[window]
    each = (
        lines
        for channel in channels_of(seen)
        for lines in _of_channel(channel, _Level(light(seen, channel), data, spacing))
        if polarity in (0, lines.polarity)
    )
    return max(each, key=lambda lines: (lines.clear, lines.depth - lines.opposite))


def basins(
    smooth: NDArray[np.floating[Any]], mask: NDArray[np.bool_], polarity: int
) -> NDArray[np.int32]:
    """Flood an image from its bright spots to its dark lines, or from dark ones to bright ones.

    A `polarity` of 1 parts at dark lines, -1 at bright ones. Basins count from 1; 0 where the mask
    is False.
    """
    found: NDArray[np.int32] = watershed(-polarity * smooth, mask=mask, connectivity=1)
    return found.astype(np.int32)


def _of_channel(channel: int, whole: _Level) -> Iterator[Lines]:
    levels = list(_pyramid(whole))
    widths, skewed = _skewnesses(levels)
    for polarity, row in zip((1, -1), skewed, strict=True):
        best = int(np.argmax(row))
        level, width = levels[best // len(_STEPS)], float(widths[best])
        depth, opposite = (_depth(level, width, s) for s in (polarity, -polarity))
        sigma = float(2 ** _vertex(np.log2(widths), row, best))
        yield Lines(channel, polarity, sigma, depth, opposite, float(row[best]))


def _skewnesses(levels: list[_Level]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return all widths, and the skewness of dark lines (row 0) and of bright ones at each."""
    widths = np.array([step * 2**k for k in range(len(levels)) for step in _STEPS])
    found = np.empty((2, len(widths)))
    for number, width in enumerate(widths):
        light, mask, steps = levels[number // len(_STEPS)]
        smooth = _smoothed(light, width, steps)
        for row, polarity in enumerate((1, -1)):
            found[row, number] = _skewness(largest_eigenvalue(polarity * smooth, steps)[mask])
    return widths, found


def _depth(level: _Level, width: float, polarity: int) -> float:
    light, mask, steps = level
    smooth = polarity * _smoothed(light, width, steps)
    regions = basins(smooth, mask, 1)
    arcs = Arcs.between(regions, smooth)
    sizes = np.maximum(np.bincount(regions.ravel()), 1)
    one, other = (np.bincount(regions.ravel(), smooth.ravel()) / sizes)[arcs.ends.T]
    depth = np.maximum(np.minimum(one, other) * arcs.length - arcs.strength, 0).sum()
    total = depth + (np.abs(one - other) * arcs.length).sum()
    return float(depth / total) if total > 0 else 0.0


def _smoothed(
    light: NDArray[np.float32], width: float, steps: NDArray[np.float64]
) -> NDArray[np.float32]:
    # The mean over the pixels that became one is a little smoothing already.
    variance = np.maximum(width**2 - (steps**2 - 1) / 12, 0)
    found: NDArray[np.float32] = ndimage.gaussian_filter(light, np.sqrt(variance) / steps)
    return found


def _pyramid(level: _Level) -> Iterator[_Level]:
    """Yield an image, and a half of it again and again while there is something to see."""
    yield level
    for _ in range(1, _OCTAVES):
        fine = level.steps < 2**0.5 * level.steps.min()
        factors = np.where(fine & (np.array(level.light.shape) > 1), 2, 1)
        long = np.array(level.light.shape) // factors
        if long[factors > 1].size == 0 or long[factors > 1].min() < _LEAST[long.size]:
            return
        level = _Level(
            _blocks(level.light, factors).mean(axis=-1),
            np.asarray(_blocks(level.mask, factors).all(axis=-1)),
            level.steps * np.where(fine, 2, 1),
        )
        if not level.mask.any():
            return
        yield level


def _blocks(array: NDArray[Any], factors: NDArray[np.integer[Any]]) -> NDArray[Any]:
    """Return the pixels of each block along a last axis; what is over at the ends is left out."""
    whole = array[tuple(slice(n - n % f) for n, f in zip(array.shape, factors, strict=True))]
    offsets = np.ndindex(*factors.tolist())
    parts = [
        whole[tuple(slice(o, None, f) for o, f in zip(at, factors, strict=True))] for at in offsets
    ]
    return np.stack(parts, axis=-1)


def _skewness(values: NDArray[np.float32]) -> float:
    apart = values.astype(np.float64) - values.mean(dtype=np.float64)
    variance = float((apart**2).mean())
    # Of a constant only the last digits differ.
    return float((apart**3).mean() / variance**1.5) if variance > 1e-8 else 0.0


def _vertex(x: NDArray[np.float64], y: NDArray[np.float64], best: int) -> float:
    """Return where a parabola through the largest value and its two neighbours has its top."""
    if best in (0, len(x) - 1):
        return float(x[best])
    low, top, high = y[best - 1 : best + 2]
    bend = low - 2 * top + high
    shift = 0.5 * (low - high) / bend if bend < 0 else 0.0
    return float(x[best] + shift * (x[best] - x[best - 1]))
