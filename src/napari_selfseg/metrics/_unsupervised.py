"""What can be said without ground truth: how distinct, how sharp, how repeatable segments are.

None of these is accuracy. Distinct, sharp and repeatable segments can be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_selfseg.metrics._contingency import as_labels, contingency, numbered
from napari_selfseg.metrics._information import variation_of_information
from napari_selfseg.metrics._rand import adjusted_rand_index

__all__ = [
    "UNSUPERVISED",
    "BoundaryStrength",
    "Contrast",
    "Stability",
    "boundary_strength",
    "contrast",
    "stability",
    "unsupervised",
]

# Titles of what `unsupervised` finds, in the order of a table.
UNSUPERVISED: Final = MappingProxyType(
    {
        "within": "Variance within segments",
        "between": "Squared contrast to neighbours",
        "contrast": "  contrast as a share of both",
        "across": "Step of the image across borders",
        "elsewhere": "Step of the image elsewhere",
        "boundary_strength": "  across as a share of both",
    }
)

Values = NDArray[np.float64]
Place = tuple[slice, ...]


class Contrast(NamedTuple):
    """Spread of the image within segments, against the steps between neighbours.

    Attributes
    ----------
    within : float
        Variance within segments, summed over channels.
    between : float
        Squared distance of the means of neighbours, averaged over the borders they share; 0
        without a border.
    """

    within: float
    between: float

    @property
    def ratio(self) -> float:
        """Between over the sum of both, 0 to 1; 0 where the image is the same everywhere."""
        both = self.within + self.between
        return self.between / both if both else 0.0


class BoundaryStrength(NamedTuple):
    """Steps of the image across the borders of segments, and elsewhere.

    Attributes
    ----------
    across : float
        Mean step between neighbouring pixels of different segments; 0 without a border.
    elsewhere : float
        Mean step between neighbouring pixels of the same segment.
    """

    across: float
    elsewhere: float

    @property
    def ratio(self) -> float:
        """Across over the sum of both, 0 to 1; 0.5 is what borders drawn anywhere have."""
        both = self.across + self.elsewhere
        return self.across / both if both else 0.0


class Stability(NamedTuple):
    """Mean agreement of pairs of label maps.

    Attributes
    ----------
    adjusted_rand : float
        Adjusted Rand index.
    voi : float
        Variation of information in bits.
    n_pairs : int
        Pairs of maps.
    """

    adjusted_rand: float
    voi: float
    n_pairs: int


def unsupervised(
    image: ArrayLike, labels: ArrayLike, *, channel_axis: int | None = None
) -> dict[str, float]:
    """Say all that one label map and its image say without ground truth.

    Parameters
    ----------
    image, labels, channel_axis
        As for `contrast`.

    Returns
    -------
    dict of str to float
        By name, those of `UNSUPERVISED`.

    Raises
    ------
    ValueError
        As `contrast`.
    """
    spread = contrast(image, labels, channel_axis=channel_axis)
    strength = boundary_strength(image, labels, channel_axis=channel_axis)
    return {
        **spread._asdict(),
        "contrast": spread.ratio,
        **strength._asdict(),
        "boundary_strength": strength.ratio,
    }


def contrast(image: ArrayLike, labels: ArrayLike, *, channel_axis: int | None = None) -> Contrast:
    r"""Compare the variance within segments with the contrast to their neighbours.

    .. math:: W = \frac{1}{N} \sum_i \sum_{p \in i} \|x_p - \mu_i\|^2,\quad
              B = \frac{1}{|F|} \sum_{(p, q) \in F} \|\mu_{l(p)} - \mu_{l(q)}\|^2

    where F are the pairs of neighbouring pixels in different segments.

    Parameters
    ----------
    image : array_like
        Plane or volume; pixels that are not finite are left out.
    labels : array_like of int
        A label is one segment, 0 as any other.
    channel_axis : int, optional
        Axis of the channels.

    Raises
    ------
    ValueError
        When image and labels do not have the same pixels.

    References
    ----------
    Levine and Nazif, PAMI 1985, doi:10.1109/TPAMI.1985.4767640; Zhang, Fritts and Goldman,
    CVIU 2008, doi:10.1016/j.cviu.2007.08.003, a survey.
    """
    channels, segment, valid = _inputs(image, labels, channel_axis)
    names, flat = numbered(segment.ravel())
    number = flat.reshape(segment.shape)
    means = np.stack([_means(c[valid], number[valid], len(names)) for c in channels], axis=1)
    within = sum(
        float(((each - means[number, k])[valid] ** 2).sum()) for k, each in enumerate(channels)
    )
    steps = [((means[a] - means[b]) ** 2).sum(axis=1) for a, b in _borders(number, valid)]
    squared = np.concatenate(steps)
    between = float(squared.mean()) if squared.size else 0.0
    return Contrast(within / int(valid.sum()), between)


def boundary_strength(
    image: ArrayLike, labels: ArrayLike, *, channel_axis: int | None = None
) -> BoundaryStrength:
    r"""Compare the steps of the image across the borders of segments with those elsewhere.

    A step is the distance :math:`\|x_p - x_q\|` of two pixels that share a face.

    Parameters
    ----------
    image : array_like
        Plane or volume; pixels that are not finite are left out.
    labels : array_like of int
        A label is one segment, 0 as any other.
    channel_axis : int, optional
        Axis of the channels.

    Raises
    ------
    ValueError
        When image and labels do not have the same pixels.

    References
    ----------
    Zhang, Fritts and Goldman, CVIU 2008, doi:10.1016/j.cviu.2007.08.003, a survey.
    """
    channels, segment, valid = _inputs(image, labels, channel_axis)
    sums, counts = np.zeros(2), np.zeros(2)
    for here, there in _faces(segment.ndim):
        known = valid[here] & valid[there]
        across = (segment[here] != segment[there])[known].astype(np.intp)
        step = np.sqrt(sum((c[here] - c[there])[known] ** 2 for c in channels))
        sums += np.bincount(across, weights=step, minlength=2)
        counts += np.bincount(across, minlength=2)
    elsewhere, over = sums / np.maximum(counts, 1)
    return BoundaryStrength(float(over), float(elsewhere))


def stability(maps: Sequence[ArrayLike]) -> Stability:
    """Compare label maps of the same image, such as those of several seeds or iterations.

    Parameters
    ----------
    maps : sequence of array_like of int
        At least two of the same shape.

    Raises
    ------
    ValueError
        When there are fewer, the shapes differ, or labels are not whole numbers.
    """
    if len(maps) < 2:
        raise ValueError("Stability needs at least two label maps of the same image.")
    if len(shapes := {np.shape(each) for each in maps}) > 1:
        raise ValueError(f"The label maps have different shapes: {', '.join(map(str, shapes))}.")
    tables = [contingency(one, other) for one, other in combinations(maps, 2)]
    return Stability(
        float(np.mean([adjusted_rand_index(table) for table in tables])),
        float(np.mean([variation_of_information(table).total for table in tables])),
        len(tables),
    )


def _inputs(
    image: ArrayLike, labels: ArrayLike, channel_axis: int | None
) -> tuple[list[Values], NDArray[Any], NDArray[np.bool_]]:
    pixels, segment = np.asarray(image), as_labels(labels)
    channels = [pixels] if channel_axis is None else list(np.moveaxis(pixels, channel_axis, 0))
    if not channels or channels[0].shape != segment.shape:
        shape = channels[0].shape if channels else ()
        raise ValueError(f"The labels have shape {segment.shape} and the image {shape}.")
    values = [channel.astype(np.float64) for channel in channels]
    valid = np.logical_and.reduce([np.isfinite(each) for each in values])
    if not valid.any():
        raise ValueError("No pixel of the image is a finite number.")
    return [np.where(valid, each, 0.0) for each in values], segment, valid


def _means(channel: Values, number: NDArray[np.int64], n: int) -> Values:
    # A segment may have no pixel that is finite.
    sums = np.bincount(number, weights=channel, minlength=n)
    return sums / np.maximum(np.bincount(number, minlength=n), 1)


def _borders(
    number: NDArray[np.int64], valid: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    for here, there in _faces(number.ndim):
        at = (number[here] != number[there]) & valid[here] & valid[there]
        yield number[here][at], number[there][at]


def _faces(ndim: int) -> Iterator[tuple[Place, Place]]:
    for axis in range(ndim):
        before = (slice(None),) * axis
        yield (*before, slice(None, -1)), (*before, slice(1, None))
