r"""What of an image tells objects from their surroundings: one channel, bright or dark.

Objects are bright where the smoothed channel s is skewed to the right,
:math:`\operatorname{mean} (s - \operatorname{median} s)^3 > 0`: most of an image is background.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

__all__ = ["BRIGHT", "CONTRASTS", "DARK", "Contrast", "Look", "is_bright", "oriented", "rooted"]

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


def is_bright(
    grey: NDArray[np.floating[Any]],
    valid: NDArray[np.bool_] | None,
    spacing: NDArray[np.float64],
) -> bool:
    """Say whether objects are brighter than what is around.

    Parameters
    ----------
    grey : ndarray of float
        ``(*spatial)``.
    valid : ndarray of bool or None
        True where there are data.
    spacing : ndarray of float64
        Size of a pixel along each axis, with a product of 1.
    """
    s = ndi.gaussian_filter(np.asarray(grey, np.float64), _SMOOTHING / spacing)
    seen = s if valid is None else s[valid]
    return bool(seen.size and ((seen - np.median(seen)) ** 3).mean() > 0)


def oriented(grey: NDArray[np.floating[Any]], *, dark: bool) -> NDArray[np.float32]:
    """Return grey values of which objects have the larger ones.

    Parameters
    ----------
    grey : ndarray of float
        ``(*spatial)``.
    dark : bool
        Whether objects are dark.
    """
    values = np.asarray(grey, np.float32)
    return values.max(initial=0) - values if dark else values


def rooted(
    grey: NDArray[np.float32], valid: NDArray[np.bool_] | None, *, dark: bool
) -> NDArray[np.float32]:
    """Return grey values on which the border of a bright object lies at the foot of its slope.

    Light that is emitted is counted, and its noise grows with the root of it: on the root of the
    grey values noise and faint slopes count as much as bright ones. People draw the borders of
    fluorescent nuclei there. Light that is absorbed stays as it is.

    Parameters
    ----------
    grey : ndarray of float32
        ``(*spatial)``, oriented.
    valid : ndarray of bool or None
        True where there are data.
    dark : bool
        Whether objects are dark in the image.
    """
    if dark or not grey.size:
        return grey
    seen = grey if valid is None else grey[valid]
    low = np.float32(np.percentile(seen, _BACKGROUND)) if seen.size else np.float32(0)
    high = seen.max(initial=low)
    found: NDArray[np.float32] = np.sqrt(np.maximum(grey - low, 0) + _FLOOR * (high - low))
    return found
