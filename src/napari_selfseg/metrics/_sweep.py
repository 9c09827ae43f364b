"""The best parameter for a set of images, and the best for each image (ODS and OIS)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

__all__ = ["Best", "ods_ois"]

P = TypeVar("P", bound=Hashable)
Score = TypeVar("Score")


class Best(NamedTuple, Generic[P]):
    """What a metric reaches when the parameter is chosen with the truth in hand.

    Attributes
    ----------
    ods : float
        With the one parameter that is best for the set (optimal data set scale).
    parameter : object
        That parameter; of equals the first.
    ois : float
        With the parameter that is best for each image (optimal image scale).
    """

    ods: float
    parameter: P
    ois: float


def ods_ois(
    images: Sequence[Mapping[P, Score]],
    combine: Callable[[Sequence[Score]], float],
    *,
    higher: bool,
) -> Best[P]:
    """Choose the best parameter for a set of images and for each of them.

    Parameters
    ----------
    images : sequence of mapping
        Score by parameter, one mapping an image, all with the same parameters.
    combine : callable
        Value of the scores of a set of images, such as their mean; `Covering` and
        `BoundaryMatch` sum numerators and denominators before dividing.
    higher : bool
        True when a higher value is better.

    Raises
    ------
    ValueError
        When there is no image, or the parameters differ between images.

    References
    ----------
    Arbelaez, Maire, Fowlkes and Malik, PAMI 2011, doi:10.1109/TPAMI.2010.161, section 3.1.
    """
    if not images or any(set(image) != set(images[0]) for image in images):
        raise ValueError("Scores are needed for the same parameters on every image.")
    choose = max if higher else min
    over_set = {p: combine([image[p] for image in images]) for p in images[0]}
    parameter = choose(over_set, key=over_set.__getitem__)
    of_each = [choose(image.values(), key=lambda score: combine([score])) for image in images]
    return Best(over_set[parameter], parameter, combine(of_each))
