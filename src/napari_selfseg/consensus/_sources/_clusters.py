"""Clusters of the pixels of an image, learnt from a sample of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import vq

from napari_selfseg.consensus._sources._image_blocks import Parts, Seen
from napari_selfseg.consensus._sources._label_maps import Borders, Said
from napari_selfseg.hierarchy import half_distances
from napari_selfseg.machine.threads import side_by_side
from napari_selfseg.protocol import Found

__all__ = ["Clusters", "shares_of", "tabled"]

K: Final = 32
SAMPLE: Final = 8000
ROUNDS: Final = 20
# Pixels whose distances to all centres are in memory at once.
AT_ONCE: Final = 2**16


@dataclass(frozen=True)
class Clusters:
    """k-means of the features of pixels: histograms of its labels tell superpixels apart.

    The first centres are drawn by k-means++ (Arthur and Vassilvitskii 2007,
    doi:10.5555/1283383.1283494), from a sample of the pixels on which k-means works as well.

    Attributes
    ----------
    name : str
        Of the features.
    features : callable
        Given a `Seen`, returns ``(*spatial, D)`` float32.
    factors : callable, optional
        Given ``(D,)`` standard deviations of the features, and the number of channels, returns the
        ``(D,)`` weights of the features; ones by default.
    """

    name: str
    features: Callable[[Seen], NDArray[np.float32]]
    factors: Callable[[NDArray[np.float64], int], NDArray[np.float64]] | None = None
    family: str = "clusters"

    def learnt(self, parts: Parts) -> Found:
        """Find clusters in samples; see `Source.learnt`."""
        rng, rows, spread = np.random.default_rng(parts.seed), list[NDArray[Any]](), _Spread()

        def described(at: int) -> NDArray[np.float32]:
            seen, crop = parts.sample(at), parts.samples[at][1]
            return self._features(seen)[crop][seen.mask[crop]]

        for found in side_by_side(described, len(parts.samples)):
            parts.check()
            most = min(max(SAMPLE // len(parts.samples), 1), len(found))
            rows.append(found[rng.choice(len(found), most, replace=False)] if most else found)
            if self.factors is not None:
                spread.add(found)
        sample, factors = np.concatenate(rows), np.ones(rows[0].shape[1])
        if self.factors is not None:
            factors = self.factors(spread.found, parts.channels)
        scaled = (sample * factors.astype(np.float32)).astype(np.float64)
        return {"factors": factors.astype(np.float32), "centres": _centres(scaled, K, rng)}

    def of_block(self, learnt: Found, parts: Parts, number: int, superpixels: Any) -> Found:
        """Count the pixels of each label in each superpixel; see `Source.of_block`."""
        crop, inner = parts.grid.crop(number), parts.grid.inner(number)
        seen = parts.seen(number)
        index = np.asarray(superpixels[inner])
        labels = nearest(self._features(seen)[crop], learnt["factors"], learnt["centres"])
        # What a small image is like is kept from the first pass to this one, and no longer.
        seen.known.pop(self.name, None)
        ids, counts = tabled(index, labels, len(learnt["centres"]))
        return {"ids": ids, "counts": counts.astype(np.int32)}

    def said(self, learnt: Found, blocks: Iterator[Found], of: Borders) -> Iterator[Said]:
        """Compare histograms; see `Source.said`."""
        counts = np.zeros((of.n + 1, len(learnt["centres"])), np.int32)
        for block in blocks:
            counts[block["ids"]] += block["counts"]
        shares = shares_of(counts)
        yield Said(self.family, half_distances(shares, of.edges), _votes(shares), shares)

    def _features(self, seen: Seen) -> NDArray[np.float32]:
        if self.name not in seen.known:
            seen.known[self.name] = self.features(seen)
        return seen.known[self.name]


def nearest(
    features: NDArray[np.float32], factors: NDArray[np.float32], centres: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Label every pixel with the nearest centre, by a matrix product.

    Parameters
    ----------
    features : ndarray of float32
        ``(*spatial, D)``.
    factors : ndarray of float32
        ``(D,)`` with which features are multiplied.
    centres : ndarray of float64
        ``(k, D)`` of the products.

    Returns
    -------
    ndarray of uint8
        ``(*spatial)``.
    """
    rows, C = features.reshape(-1, features.shape[-1]), centres.astype(np.float32)
    half = 0.5 * np.square(C).sum(axis=1)
    towards = factors[:, None] * C.T
    found = np.empty(len(rows), np.uint8)
    for start in range(0, len(rows), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        found[part] = (half - rows[part] @ towards).argmin(axis=1)
    return found.reshape(features.shape[:-1])


class _Spread:
    """Standard deviations of rows that come one block after the other."""

    def __init__(self) -> None:
        self._count, self._total, self._squares = 0, np.zeros(1), np.zeros(1)

    def add(self, rows: NDArray[np.float32]) -> None:
        exact = rows.astype(np.float64)
        self._count += len(rows)
        self._total = self._total + exact.sum(axis=0)
        self._squares = self._squares + np.square(exact).sum(axis=0)

    @property
    def found(self) -> NDArray[np.float64]:
        mean = self._total / self._count
        found: NDArray[np.float64] = np.sqrt(np.maximum(self._squares / self._count - mean**2, 0))
        return found


def tabled(
    index: NDArray[np.integer[Any]], labels: NDArray[np.integer[Any]], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the labels of the pixels of each superpixel.

    Parameters
    ----------
    index : ndarray of int
        ``(*spatial)`` superpixels; what is 0 is counted, too.
    labels : ndarray of int
        ``(*spatial)`` from 0 to n - 1.

    Returns
    -------
    ids : ndarray of int64
        ``(m,)`` superpixels that are there.
    counts : ndarray of int64
        ``(m, n)``.
    """
    ids, own = np.unique(index.ravel(), return_inverse=True)
    keys = own.ravel().astype(np.int64) * n + labels.ravel()
    return ids.astype(np.int64), np.bincount(keys, minlength=len(ids) * n).reshape(-1, n)


def shares_of(counts: NDArray[Any]) -> NDArray[np.float32]:
    """Return the share of each label in each superpixel, ``(n + 1, k)``; 0 without data."""
    shares = np.zeros(counts.shape, np.float32)
    sizes = np.maximum(counts[1:].sum(axis=1, keepdims=True), 1)
    np.divide(counts[1:], sizes, out=shares[1:], casting="same_kind")
    return shares


def _votes(shares: NDArray[np.float32]) -> NDArray[np.int64]:
    votes: NDArray[np.int64] = 1 + shares.argmax(axis=1)
    votes[0] = 0
    return votes


def _centres(sample: NDArray[np.float64], k: int, rng: np.random.Generator) -> NDArray[np.float64]:
    centres = sample[:1]
    nearest = np.square(sample - centres).sum(axis=1)
    while len(centres) < k and nearest.any():  # k-means++
        drawn = rng.choice(len(sample), p=nearest / nearest.sum())
        centres = np.concatenate([centres, sample[drawn : drawn + 1]])
        nearest = np.minimum(nearest, np.square(sample - sample[drawn]).sum(axis=1))
    for _ in range(ROUNDS):
        code = vq(sample, centres)[0]
        count = np.bincount(code, minlength=len(centres))[:, None]
        total = np.stack([np.bincount(code, column, len(centres)) for column in sample.T], axis=1)
        centres = np.where(count > 0, total / np.maximum(count, 1), centres)
    return centres
