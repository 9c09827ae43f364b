"""From what is filled in to what is compared; no Qt here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from napari_selfseg.widgets.canvas.layers import finest, sizes_of
from napari_selfseg.widgets.evaluate._place import LayerPart, kept_axes, part_over

__all__ = ["Comparison", "resolve", "whole_numbers"]

NO_LABELS: Final = "Check the labels to evaluate."
BOTH: Final = "{name} is checked as labels and as truth: uncheck one of them."
NUMBERS: Final = "{what} are whole numbers with commas between them, such as 0, 255, not {text!r}."


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Attributes
    ----------
    labels, truths : tuple of Part
        Of the layers, over the same pixels.
    image : Part or None
        What the labels are of; None when no figure needs it.
    ignore, background : tuple of int
        Labels of the truth whose pixels do not count, and labels that are no object.
    spacing : tuple of float or None
        Size of a pixel along each axis, the smallest 1; None where all are the same.
    cropped : str
        Name of the layer whose pixels are compared, where others reach beyond; or empty.
    """

    labels: tuple[LayerPart, ...]
    truths: tuple[LayerPart, ...] = ()
    image: LayerPart | None = None
    ignore: tuple[int, ...] = ()
    background: tuple[int, ...] = ()
    spacing: tuple[float, ...] | None = None
    cropped: str = ""


def resolve(
    labels: Sequence[Any],
    truths: Sequence[Any] = (),
    image: Any = None,
    ignore: str = "",
    background: str = "",
) -> Comparison:
    """Turn what is filled in into a comparison.

    The smallest of the labels says which pixels are compared; all others must cover it. `image` is
    for the figures without truth.

    Raises
    ------
    ValueError
        With a sentence that says what is missing or does not fit.
    """
    if not labels:
        raise ValueError(NO_LABELS)
    for each in labels:
        if each in truths:
            raise ValueError(BOTH.format(name=each.name))
    frame = min(labels, key=_n_pixels)
    others = [*labels, *truths] + ([] if image is None else [image])
    parts = [part_over(each, frame) for each in others]
    larger = any(_n_pixels(each) > _n_pixels(frame) for each in others)
    n = len(labels)
    return Comparison(
        labels=tuple(parts[:n]),
        truths=tuple(parts[n : n + len(truths)]),
        image=None if image is None else parts[-1],
        ignore=whole_numbers(ignore, "Ignored labels"),
        background=whole_numbers(background, "Background labels"),
        spacing=_spacing(frame),
        cropped=frame.name if larger else "",
    )


def whole_numbers(text: str, what: str) -> tuple[int, ...]:
    """Read whole numbers between commas or spaces, perhaps none; `what` they are is for the error.

    Raises
    ------
    ValueError
        When there is anything else.
    """
    try:
        return tuple(int(each) for each in text.replace(",", " ").split())
    except ValueError:
        raise ValueError(NUMBERS.format(what=what, text=text)) from None


def _n_pixels(layer: Any) -> int:
    return int(np.prod(finest(layer).shape[: layer.ndim]))


def _spacing(frame: Any) -> tuple[float, ...] | None:
    sizes = np.abs(sizes_of(frame))[kept_axes(finest(frame).shape)]
    return None if np.allclose(sizes, sizes[0]) else tuple((sizes / sizes.min()).tolist())
