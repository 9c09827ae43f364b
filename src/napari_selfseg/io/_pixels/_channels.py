"""Some channels of an image, by the names its file gives them or by their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_selfseg.io._pixels._image_file import ImageFile
from napari_selfseg.io._pixels._lazy import View

__all__ = ["of_channels"]


def of_channels(image: ImageFile, channels: Sequence[str]) -> ImageFile:
    """Return an image of some of its channels, in the order in which they are asked for.

    Parameters
    ----------
    image : ImageFile
        With any mask; that stays as it is.
    channels : sequence of str
        Each a name of a channel, or its number from 1. None at all leaves the image as it is.

    Raises
    ------
    ValueError
        When there is no such channel, several have the name, or one is asked for twice; the message
        lists those that there are.
    """
    if not channels:
        return image
    places = [_place(image, each) for each in channels]
    if len(set(places)) < len(places):
        raise ValueError(f"{', '.join(channels)} name one channel twice: {_there(image)}.")
    names = tuple(image.channel_names[k] for k in places) if image.channel_names else ()
    if image.channel_axis is None:
        return image
    found = replace(image, data=_taken(image.data, image.channel_axis, places), channel_names=names)
    if len(places) > 1:
        return found
    letters = {name: getattr(image, name).replace("c", "") for name in ("axes", "unnamed")}
    return replace(found, channel_axis=None, **letters)


def _place(image: ImageFile, wanted: str) -> int:
    called = [k for k, names in enumerate(image.channel_names) if wanted in names]
    if len(called) > 1:
        raise ValueError(f"Several channels are called {wanted!r}: {_there(image)}.")
    if called:
        return called[0]
    number = int(wanted) if wanted.isdecimal() else 0
    if not 1 <= number <= _count(image):
        raise ValueError(f"There is no channel {wanted!r}: {_there(image)}.")
    return number - 1


def _count(image: ImageFile) -> int:
    return 1 if image.channel_axis is None else int(image.data.shape[image.channel_axis])


def _there(image: ImageFile) -> str:
    names = image.channel_names or ((),) * _count(image)
    told = [f"{k} ({', '.join(each)})" if each else str(k) for k, each in enumerate(names, 1)]
    return f"those of {Path(image.name).name} are {', '.join(told)}"


def _taken(data: Any, axis: int, places: Sequence[int]) -> Any:
    if isinstance(data, View):
        return data.of_channels(places)
    taken = np.take(data, places if len(places) > 1 else places[0], axis)
    return np.ascontiguousarray(taken)
