"""Colours that everybody can tell apart, the first of them best."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from skimage.color import hsv2rgb, rgb2lab

from napari_selfseg.widgets.canvas.colours.standing_off import Hues, spread
from napari_selfseg.widgets.canvas.colours.vision import USUAL, VISIONS, as_seen

__all__ = ["distinct"]

HUES: Final = 48
SATURATIONS: Final = (0.3, 0.5, 0.7, 0.85, 1.0)
VALUES: Final = (0.45, 0.55, 0.68, 0.8, 0.9, 1.0)
# Neither black nor white: an image is seen through.
LIGHTNESS: Final = (38.0, 94.0)
# Most people have all cones, and tell more colours apart: so much less does it count for them.
WEIGHT: Final = 0.65


def distinct(n: int, hues: Hues) -> NDArray[np.float64]:
    """Choose n colours one after the other, each as far as can be from those before.

    Distance is the least one in CIE Lab over normal vision and the three kinds of colour blindness.
    Colours are ``(n, 3)`` red, green and blue from 0 to 1; those for a smaller n are the first of
    those for a larger. They are repeated beyond a thousand.
    """
    colours = _candidates(hues)
    views = np.stack([_view(colours, vision) for vision in VISIONS])
    away = np.full(len(colours), np.inf, np.float32)
    chosen = [0]
    for _ in range(min(n, len(colours)) - 1):
        steps = views - views[:, chosen[-1], None]
        away = np.minimum(away, np.einsum("vnc,vnc->vn", steps, steps).min(axis=0))
        chosen.append(int(away.argmax()))
    found: NDArray[np.float64] = colours[np.resize(chosen, n)]
    return found


def _candidates(hues: Hues) -> NDArray[np.float64]:
    places = spread(np.arange(HUES) / HUES, hues)
    hsv = np.stack(np.meshgrid(places, SATURATIONS, VALUES, indexing="ij"), axis=-1)
    colours = hsv2rgb(hsv.reshape(-1, 3))
    lightness = rgb2lab(colours)[:, 0]
    kept: NDArray[np.float64] = colours[(lightness > LIGHTNESS[0]) & (lightness < LIGHTNESS[1])]
    return kept


def _view(colours: NDArray[Any], vision: str) -> NDArray[np.float32]:
    seen = rgb2lab(as_seen(colours, vision)) * (WEIGHT if vision == USUAL else 1)
    view: NDArray[np.float32] = seen.astype(np.float32)
    return view
