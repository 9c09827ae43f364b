"""Boundaries of segments against those of the truth, by distance transforms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import distance_transform_edt

from napari_selfseg.metrics._boundary_map import Mask, border_map, boundary_map
from napari_selfseg.metrics._contingency import as_labels

__all__ = ["TOLERANCE", "BoundaryMatch", "boundary_displacement_error", "boundary_match"]

TOLERANCE = 0.0075


class BoundaryMatch(NamedTuple):
    """Boundary pixels that have a partner, as counts, so that images can be summed.

    Attributes
    ----------
    right : int
        Boundary pixels of the segments near a boundary of any annotator.
    drawn : int
        Boundary pixels of the segments.
    found : int
        Boundary pixels near one of the segments, summed over annotators.
    annotated : int
        Boundary pixels, summed over annotators.
    """

    right: int
    drawn: int
    found: int
    annotated: int

    @property
    def precision(self) -> float:
        """Share of drawn pixels that are right; 1 where none is drawn."""
        return self.right / self.drawn if self.drawn else 1.0

    @property
    def recall(self) -> float:
        """Share of annotated pixels that are found; 1 where none is annotated."""
        return self.found / self.annotated if self.annotated else 1.0

    @property
    def f_score(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @classmethod
    def summed(cls, parts: Iterable[BoundaryMatch]) -> BoundaryMatch:
        """Sum the counts, as the BSDS benchmark does over a set.

        Parameters
        ----------
        parts : iterable of BoundaryMatch
            One an image.
        """
        return cls(*(sum(counts) for counts in zip(*parts, strict=True)))


def boundary_match(
    segments: ArrayLike,
    annotations: Iterable[ArrayLike],
    *,
    ignore: Collection[int] = (),
    tolerance: float = TOLERANCE,
    spacing: Sequence[float] | None = None,
) -> BoundaryMatch:
    """Count the boundary pixels with a partner at most a tolerance away.

    Several pixels may have the same partner; the BSDS benchmark assigns partners one to one.

    Parameters
    ----------
    segments : array_like of int
        Plane or volume.
    annotations : iterable of array_like of int
        Ground truths of the image.
    ignore : collection of int
        Labels of the annotations whose borders do not count.
    tolerance : float
        Largest distance as a share of the image's diagonal.
    spacing : sequence of float, optional
        Size of a pixel along each axis.

    Raises
    ------
    ValueError
        When the shapes differ or labels are not whole numbers.

    References
    ----------
    Martin, Fowlkes and Malik, PAMI 2004, doi:10.1109/TPAMI.2004.1273918.
    """
    labels, truths, valids = _inputs(segments, annotations, ignore)
    sizes = np.array(labels.shape) * (1 if spacing is None else np.asarray(spacing))
    within = tolerance * float(np.linalg.norm(sizes))
    drawn = boundary_map(labels, valid=np.logical_or.reduce(valids))
    true = [boundary_map(t, valid=v) for t, v in zip(truths, valids, strict=True)]
    right = _distances(np.logical_or.reduce(true), [drawn], spacing)[0] <= within
    found = [d <= within for d in _distances(drawn, true, spacing)]
    return BoundaryMatch(
        int(right.sum()),
        int(drawn.sum()),
        sum(int(each.sum()) for each in found),
        sum(each.size for each in found),
    )


def boundary_displacement_error(
    segments: ArrayLike,
    annotations: Iterable[ArrayLike],
    *,
    ignore: Collection[int] = (),
    spacing: Sequence[float] | None = None,
) -> list[float]:
    r"""Mean distance between the boundaries of segments and truth, averaged over both ways.

    .. math:: BDE = \frac{1}{2} \left( \frac{1}{|A|} \sum_{p \in A} d(p, B)
              + \frac{1}{|B|} \sum_{p \in B} d(p, A) \right)

    A and B are the pixels on both sides of every border; without any border the frame of the
    image stands in.

    Parameters
    ----------
    segments : array_like of int
        Plane or volume.
    annotations : iterable of array_like of int
        Ground truths of the image.
    ignore : collection of int
        Labels of the annotations whose borders do not count.
    spacing : sequence of float, optional
        Size of a pixel along each axis.

    Returns
    -------
    list of float
        In pixels, or units of the spacing; one an annotator.

    Raises
    ------
    ValueError
        When the shapes differ or labels are not whole numbers.

    References
    ----------
    Freixenet, Munoz, Raba, Marti and Cufi, ECCV 2002, doi:10.1007/3-540-47977-5_27.
    """
    labels, truths, valids = _inputs(segments, annotations, ignore)
    drawn = _framed(border_map(labels, valid=np.logical_or.reduce(valids)))
    true = [_framed(border_map(t, valid=v)) for t, v in zip(truths, valids, strict=True)]
    back = [float(d.mean()) for d in _distances(drawn, true, spacing)]
    there = [float(_distances(each, [drawn], spacing)[0].mean()) for each in true]
    return [(a + b) / 2 for a, b in zip(there, back, strict=True)]


def _inputs(
    segments: ArrayLike, annotations: Iterable[ArrayLike], ignore: Collection[int]
) -> tuple[NDArray[Any], list[NDArray[Any]], list[Mask]]:
    labels, truths = as_labels(segments), [as_labels(each) for each in annotations]
    for truth in truths:
        if truth.shape != labels.shape:
            raise ValueError(f"The labels have shape {labels.shape} and the truth {truth.shape}.")
    return labels, truths, [~np.isin(truth, list(ignore)) for truth in truths]


def _framed(boundary: Mask) -> Mask:
    if not boundary.any():
        boundary[:] = True
        boundary[(slice(1, -1),) * boundary.ndim] = False
    return boundary


def _distances(
    target: Mask, points: Sequence[Mask], spacing: Sequence[float] | None
) -> list[NDArray[np.float64]]:
    """Distances of the marked pixels of each map to the nearest of the target."""
    if not target.any():
        return [np.full(int(each.sum()), np.inf) for each in points]
    # The nearest pixels alone take half the memory and time of all distances.
    nearest = distance_transform_edt(
        ~target, sampling=spacing, return_distances=False, return_indices=True
    )
    step = np.ones(target.ndim) if spacing is None else np.asarray(spacing, dtype=np.float64)
    return [_lengths(nearest, np.nonzero(each), step) for each in points]


def _lengths(
    nearest: NDArray[np.int32], at: tuple[NDArray[np.int64], ...], step: NDArray[np.float64]
) -> NDArray[np.float64]:
    squares = np.zeros(len(at[0]))
    for axis, place in enumerate(at):
        squares += ((nearest[axis][at] - place) * step[axis]) ** 2
    return np.sqrt(squares)
