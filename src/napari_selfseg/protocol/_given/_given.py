"""The images of a run and what belongs to each, checked; and what the record says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg import record
from napari_selfseg.parameters import refuse_class
from napari_selfseg.protocol._given._checks import (
    as_channels_first,
    as_list,
    as_mask,
    as_scribbles,
    as_spacing,
    check_images,
)
from napari_selfseg.protocol._method._method import Method

__all__ = ["Given", "check_drawn", "check_given", "paired"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Given:
    """What a run works on.

    Attributes
    ----------
    images : list of ndarray
        Each ``(C, *spatial)``.
    masks : list of ndarray or None
        True where there are data; None when that is everywhere.
    scribbles : list of ndarray or None
        Classes from 1; None when nothing was drawn.
    spacing : tuple of float
        Physical size of a pixel along each spatial axis.
    """

    images: list[Array]
    masks: list[NDArray[np.bool_] | None]
    scribbles: list[Array | None]
    spacing: tuple[float, ...]

    def steering(self, method: Method) -> Method:
        """Return what is run: strokes may say what there is to find.

        Parameters
        ----------
        method : Method
            As asked for.
        """
        drawn = {k for each in self.scribbles if each is not None for k in np.unique(each).tolist()}
        return method.drawn_with(sorted(drawn - {0})) if drawn else method

    def as_record(
        self, image: Any, name: str | Sequence[str], channel_axis: int | None, masked: bool
    ) -> dict[str, Any]:
        """Describe it for the record of a run; `masked` also where a mask was all True."""
        names = _names(name, self.images)
        drawn = any(each is not None for each in self.scribbles)
        return {
            "images": [
                record.fingerprint(i, n) for i, n in zip(as_list(image), names, strict=True)
            ],
            "several": isinstance(image, list | tuple),
            "channel_axis": channel_axis,
            "mask": self.masks if masked else None,
            "scribbles": self.scribbles if drawn else None,
            "spacing": list(self.spacing),
        }


def check_given(
    image: Any,
    method: Method,
    channel_axis: int | None,
    mask: Any,
    scribbles: Any,
    spacing: Sequence[float] | None,
) -> Given:
    """Check what a user gave, as in `evolve`; ValueError says what to do."""
    _check_method(method)
    images = [as_channels_first(each, channel_axis, method.ndims) for each in as_list(image)]
    if not images:
        raise ValueError("There is no image: give at least one.")
    spaced = as_spacing(spacing, images[0].ndim - 1)
    masks = [as_mask(m, i.shape[1:]) for m, i in paired(mask, images, "mask")]
    check_images(images, masks)
    drawn = [
        as_scribbles(s, i.shape[1:], method.n_classes)
        for s, i in paired(scribbles, images, "scribbles")
    ]
    return Given(images, masks, drawn, spaced)


def _check_method(method: object) -> None:
    refuse_class(method, "a method")
    if not isinstance(method, Method):
        raise ValueError(
            f"{method!r} is no method: give one with its parameters, such as Backprop()."
        )


def check_drawn(
    scribbles: Sequence[Array | None], masks: Sequence[NDArray[np.bool_] | None]
) -> None:
    """Refuse classes that were drawn where there are no data, and nowhere else."""
    drawn, seen = set[int](), set[int]()
    for strokes, mask in zip(scribbles, masks, strict=True):
        if strokes is not None:
            drawn |= set(np.unique(strokes).tolist())
            seen |= set(np.unique(strokes if mask is None else strokes[mask]).tolist())
    if lost := sorted(drawn - seen - {0}):
        which = f"Class {lost[0]}" if len(lost) == 1 else f"Classes {', '.join(map(str, lost))}"
        raise ValueError(
            f"{which} of the scribbles lie{'s' if len(lost) == 1 else ''} only where the image has "
            "no data: draw where there are data."
        )


def paired(value: Any, images: Sequence[Array], what: str) -> list[tuple[Any, Array]]:
    """Give each image its own of what was given for all; None gives each None.

    `what` is its name in the ValueError where there are more or fewer than images.
    """
    values = as_list(value) if value is not None else [None] * len(images)
    if len(values) != len(images):
        raise ValueError(f"{len(images)} images need as many {what} arrays, not {len(values)}.")
    return list(zip(values, images, strict=True))


def _names(name: str | Sequence[str], images: Sequence[Array]) -> list[str]:
    names = [name] * len(images) if isinstance(name, str) else list(name)
    if len(names) != len(images):
        raise ValueError(f"{len(images)} images need as many names, not {len(names)}.")
    return names
