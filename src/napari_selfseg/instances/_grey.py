r"""What of an image tells objects from their surroundings: one channel, bright or dark.

Objects are bright where the smoothed channel s is skewed to the right,
:math:`\operatorname{mean} (s - \operatorname{median} s)^3 > 0`: most of an image is background.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

__all__ = [
    "BRIGHT",
    "CONTRASTS",
    "DARK",
    "Contrast",
    "Levels",
    "Look",
    "foot_of",
    "is_bright",
    "oriented",
    "rooted",
]

Contrast = Literal["automatic", "bright", "dark"]
BRIGHT: Final = "bright"
DARK: Final = "dark"
CONTRASTS: Final = ("automatic", BRIGHT, DARK)
_SMOOTHING: Final = 2.0
_BACKGROUND: Final = 1.0
_FLOOR: Final = 0.01


class Look(NamedTuple):
    """How objects look.

    Attributes
    ----------
    channel : int
        From 0.
    dark : bool
        Whether they are darker than what is around.
    """

    channel: int
    dark: bool


class Levels(NamedTuple):
    """Grey values of a channel that hold for the whole image, whatever part of it is looked at.

    Attributes
    ----------
    top : float
        Largest one, from which those of dark objects are counted.
    darkest, span : float
        Smoothed value that becomes 0, and how far above it lies the one that becomes 1.
    foot, peak : float
        Value of the background, and largest one, where borders are looked for.
    """

    top: float
    darkest: float
    span: float
    foot: float
    peak: float


def is_bright(
    grey: NDArray[np.floating[Any]],
    valid: NDArray[np.bool_] | None,
    spacing: NDArray[np.float64],
) -> bool:
    """Say whether objects are brighter than what is around.

    `valid` is True where there are data.
    """
    s = ndi.gaussian_filter(np.asarray(grey, np.float64), _SMOOTHING / spacing)
    seen = s if valid is None else s[valid]
    return bool(seen.size and ((seen - np.median(seen)) ** 3).mean() > 0)


def oriented(
    grey: NDArray[np.floating[Any]], *, dark: bool, top: float | None = None
) -> NDArray[np.float32]:
    """Return grey values of which objects have the larger ones.

    `top`, from which the values of dark objects are counted, is the largest of these values by
    default.
    """
    values = np.asarray(grey, np.float32)
    if not dark:
        return values
    return (values.max(initial=0) if top is None else np.float32(top)) - values


def foot_of(pixels: NDArray[np.float32]) -> tuple[float, float]:
    """Return the grey value of the background, and the largest one.

    `pixels` are oriented, and have data.
    """
    low = np.float32(np.percentile(pixels, _BACKGROUND)) if pixels.size else np.float32(0)
    return float(low), float(pixels.max(initial=low))


def rooted(
    grey: NDArray[np.float32],
    valid: NDArray[np.bool_] | None,
    *,
    dark: bool,
    levels: Levels | None = None,
) -> NDArray[np.float32]:
    """Return grey values on which the border of a bright object lies at the foot of its slope.

    Light that is emitted is counted, and its noise grows with the root of it: on the root of the
    grey values noise and faint slopes count as much as bright ones. People draw the borders of
    fluorescent nuclei there. Light that is absorbed stays as it is. `grey` is oriented; `levels`
    are those of the image where this is a part of one.
    """
    if dark or not grey.size:
        return grey
    if levels is None:
        foot, peak = foot_of(grey if valid is None else grey[valid])
    else:
        foot, peak = levels.foot, levels.peak
    low, high = np.float32(foot), np.float32(peak)
    found: NDArray[np.float32] = np.sqrt(np.maximum(grey - low, 0) + _FLOOR * (high - low))
    return found
