"""How much the distribution of colours changes at each pixel, at several scales."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled

__all__ = ["contours", "histograms"]

# Scales in units of sigma: the finest decides where borders run, all of them how strong they are.
_OCTAVES: Final = (1.0, 2.0, 4.0)
_BIN: Final = 12.0
_TRUNCATE: Final = 3.0
# Pixels of a slab, whose maps stay in the cache, and of a piece of a row, whose sums do.
_SLAB: Final = 2**17
_PIECE: Final = 1024


def contours(
    colours: NDArray[np.float32], spacing: NDArray[np.float64], sigma: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Measure the slopes of the soft histograms of the channels in Gaussian windows.

    Slab by slab, and in a slab bin by bin: memory is that of the result and of a few slabs.

    Parameters
    ----------
    colours : ndarray of float32
        ``(*spatial, C)`` of two or three spatial axes.
    spacing : ndarray of float64
        Relative pixel sizes.
    sigma : float
        Width of the finest window.

    Returns
    -------
    fine, all : ndarray of float32
        ``(*spatial)`` the contour of the finest scale, and the sum of those of all scales.
    """
    shape = colours.shape[:-1]
    # A plane is a volume of one row, so that its slabs are short.
    solid = colours if len(shape) == 3 else colours[:, None]
    steps = spacing if len(shape) == 3 else np.array([spacing[0], 1.0, spacing[1]])
    windows = [_Window(solid.shape[:-1], octave * sigma / steps) for octave in _OCTAVES]
    bounds = _bins(colours)
    fine = np.empty(solid.shape[:-1], dtype=np.float32)
    whole = np.empty(solid.shape[:-1], dtype=np.float32)
    halo = max(window.halo for window in windows)
    for start, stop in _slabs(solid.shape[:-1], halo):
        strengths = np.sqrt(_squares(solid, bounds, windows, start, stop))
        fine[start:stop] = strengths[0]
        whole[start:stop] = strengths.sum(axis=0)
    return fine.reshape(shape), whole.reshape(shape)


def histograms(
    colours: NDArray[np.float32], labels: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum the soft histograms of the pixels of each label.

    Parameters
    ----------
    colours : ndarray of float32
        ``(*spatial, C)``.
    labels : ndarray of int32
        ``(*spatial)`` from 0 to n - 1.

    Returns
    -------
    sizes : ndarray of float64
        ``(n,)`` pixels of each label.
    sums : ndarray of float64
        ``(n, F)``.
    """
    flat, lowest, bins = colours.reshape(-1, colours.shape[-1]), *_bins(colours)
    sizes = np.bincount(labels.ravel()).astype(np.float64)
    sums = np.zeros((len(sizes), int(bins.sum())), dtype=np.float64)
    first = np.cumsum(bins) - bins
    _sum_shares(flat, labels.ravel(), lowest, first, _height(colours), sums)
    return sizes, sums


def _bins(colours: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the lowest value of each channel and the number of its bins."""
    flat = colours.reshape(-1, colours.shape[-1])
    lowest = flat.min(axis=0)
    return lowest, np.ceil((flat.max(axis=0) - lowest) / np.float32(_BIN)).astype(np.int64) + 1


class _Window:
    """A Gaussian window: its taps, and what lies beyond the faces, axis by axis."""

    def __init__(self, shape: tuple[int, ...], widths: NDArray[np.float64]) -> None:
        # A slope is a difference over two pixels, in units of the width.
        self.scales = (widths / 2).astype(np.float32)
        self.taps = [_taps(float(width)) for width in widths]
        self.sources = [
            np.pad(np.arange(size), len(taps) - 1, mode="symmetric")
            for size, taps in zip(shape, self.taps, strict=True)
        ]

    @property
    def halo(self) -> int:
        return len(self.taps[0])

    def smooth(
        self, share: NDArray[np.float32], low: int, start: int, stop: int
    ) -> NDArray[np.float32]:
        """Smooth the rows from start to stop of a map that begins with row `low`."""
        reach = 2 * (len(self.taps[0]) - 1)
        found = np.empty((stop - start, *share.shape[1:]), dtype=np.float32)
        source = self.sources[0][start : stop + reach] - low
        _blur_rows(
            share.reshape(len(share), -1), source, self.taps[0], found.reshape(len(found), -1)
        )
        if share.shape[1] > 1:
            middle = np.empty_like(found)
            _blur_middle(found, self.sources[1], self.taps[1], middle)
            found = middle
        _blur_columns(found.reshape(-1, found.shape[2]), self.sources[2], self.taps[2])
        return found


def _taps(width: float) -> NDArray[np.float32]:
    """Return the Gaussian from its centre on, as wide as that of `scipy.ndimage`."""
    radius = int(_TRUNCATE * width + 0.5)
    half = np.exp(-0.5 * (np.arange(radius + 1) / width) ** 2)
    taps: NDArray[np.float32] = (half / (2 * half.sum() - 1)).astype(np.float32)
    return taps


def _slabs(shape: tuple[int, ...], halo: int) -> Iterator[tuple[int, int]]:
    rows = max(_SLAB // (shape[1] * shape[2]), 2 * halo)
    for start in range(0, shape[0], rows):
        yield start, min(start + rows, shape[0])


def _height(colours: NDArray[np.float32]) -> np.float32:
    # The square root leaves the length of all together the same for any number of channels.
    return np.float32(1 / np.sqrt(colours.shape[-1]))


def _squares(
    solid: NDArray[np.float32],
    bounds: tuple[NDArray[np.float32], NDArray[np.int64]],
    windows: list[_Window],
    start: int,
    stop: int,
) -> NDArray[np.float32]:
    squares = np.zeros((len(windows), stop - start, *solid.shape[1:3]), dtype=np.float32)
    halo = max(window.halo for window in windows)
    low, high = max(start - halo, 0), min(stop + halo, len(solid))
    first, last = max(start - 1, 0), min(stop + 1, len(solid))
    for channel, (lowest, bins) in enumerate(zip(*bounds, strict=True)):
        place = (solid[low:high, ..., channel] - lowest) / np.float32(_BIN)
        for k in range(bins):
            share = _height(solid) * np.maximum(1 - np.abs(place - np.float32(k)), 0)
            if not share.any():
                continue
            for window, square in zip(windows, squares, strict=True):
                smooth = window.smooth(share, low, first, last)
                _add_slopes(smooth, start - first, window.scales, square)
    return squares


@compiled
def _blur_rows(
    rows: NDArray[np.float32],
    source: NDArray[np.int64],
    taps: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Blur along the first axis; `source` is the row behind each step, beyond the faces too."""
    reach = len(taps) - 1
    for begin in range(0, rows.shape[1], _PIECE):
        end = min(begin + _PIECE, rows.shape[1])
        for row in range(len(out)):
            total, middle = out[row, begin:end], rows[source[row + reach], begin:end]
            for x in range(end - begin):
                total[x] = taps[0] * middle[x]
            for k in range(1, reach + 1):
                before = rows[source[row + reach - k], begin:end]
                after = rows[source[row + reach + k], begin:end]
                for x in range(end - begin):
                    total[x] += taps[k] * (before[x] + after[x])


@compiled
def _blur_middle(
    solid: NDArray[np.float32],
    source: NDArray[np.int64],
    taps: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    for plane in range(len(solid)):
        _blur_rows(solid[plane], source, taps, out[plane])


@compiled
def _blur_columns(
    rows: NDArray[np.float32], source: NDArray[np.int64], taps: NDArray[np.float32]
) -> None:
    """Blur along the last axis, in place."""
    reach, size = len(taps) - 1, rows.shape[1]
    if reach == 0:
        return
    padded = np.empty(size + 2 * reach, dtype=np.float32)
    for row in range(len(rows)):
        total = rows[row]
        for x in range(size + 2 * reach):
            padded[x] = total[source[x]]
        middle = padded[reach : reach + size]
        for x in range(size):
            total[x] = taps[0] * middle[x]
        for k in range(1, reach + 1):
            before, after = padded[reach - k :], padded[reach + k :]
            for x in range(size):
                total[x] += taps[k] * (before[x] + after[x])


@compiled
def _add_slopes(
    smooth: NDArray[np.float32],
    skip: int,
    scales: NDArray[np.float32],
    square: NDArray[np.float32],
) -> None:
    """Add the squared slopes of the rows from `skip` on; there are none at the faces."""
    for plane in range(len(square)):
        here = plane + skip
        for row in range(square.shape[1]):
            total, line = square[plane, row], smooth[here, row]
            if 0 < here < len(smooth) - 1:
                _add_slope(smooth[here - 1, row], smooth[here + 1, row], scales[0], total)
            if 0 < row < square.shape[1] - 1:
                _add_slope(smooth[here, row - 1], smooth[here, row + 1], scales[1], total)
            _add_slope(line[:-2], line[2:], scales[2], total[1:-1])


@compiled
def _add_slope(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    scale: np.float32,
    total: NDArray[np.float32],
) -> None:
    for x in range(len(total)):
        slope = (after[x] - before[x]) * scale
        total[x] += slope * slope


@compiled
def _sum_shares(
    colours: NDArray[np.float32],
    labels: NDArray[np.int32],
    lowest: NDArray[np.float32],
    first: NDArray[np.int64],
    height: np.float32,
    sums: NDArray[np.float64],
) -> None:
    for pixel in range(len(labels)):
        for channel in range(len(first)):
            place = (colours[pixel, channel] - lowest[channel]) / np.float32(_BIN)
            k = int(place)
            upper = place - np.float32(k)
            sums[labels[pixel], first[channel] + k] += height * (np.float32(1) - upper)
            if upper > 0:
                sums[labels[pixel], first[channel] + k + 1] += height * upper
