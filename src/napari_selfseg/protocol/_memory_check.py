"""A run that has not the memory does not start."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from napari_selfseg.protocol._given._digits import size_in_words
from napari_selfseg.protocol._given._failures import OutOfMemory
from napari_selfseg.protocol._given._given import Given
from napari_selfseg.protocol._method._method import GIVEN, Method
from napari_selfseg.protocol._needed import available_memory, bytes_needed

__all__ = ["check_memory", "too_large"]

ADVICE = (
    "segment a part of the image or one of half the size, take fewer channels, or work tile by "
    "tile (--memory on the command line, napari_selfseg.scale.LargeImage in a script)"
)


def check_memory(
    given: Given, method: Method, superpixels: Any, device: torch.device, precision: torch.dtype
) -> None:
    """Refuse what needs more memory than there is; `OutOfMemory` says what to reduce.

    Precision is that of the updates.
    """
    shape = [int(n) for n in np.max([image.shape[1:] for image in given.images], axis=0)]
    algorithm = superpixels is None or callable(superpixels)
    refused = too_large(
        shape,
        given.images[0].shape[0],
        method,
        advice=ADVICE,
        superpixels=superpixels if algorithm else GIVEN,
        device=device,
        precision=str(precision).removeprefix("torch."),
        images=len(given.images),
        masked=any(mask is not None for mask in given.masks),
        scribbled=any(each is not None for each in given.scribbles),
    )
    if refused:
        raise OutOfMemory(refused)


def too_large(
    shape: Any,
    in_channels: int,
    method: Method,
    *,
    advice: str,
    device: str | torch.device = "auto",
    **how: Any,
) -> str:
    """Say in a sentence that there is not the memory for a run; empty where there is.

    Arguments are those of `bytes_needed`; `advice` says what to do about it.
    """
    needed = bytes_needed(shape, in_channels, method, device=device, **how)
    free = available_memory(device, needed)
    if needed <= free:
        return ""
    images = how.get("images", 1)
    what = f"{images} images of " if images > 1 else ""
    pixels = " x ".join(map(str, shape))
    return (
        f"A run of {method.title} on {what}{pixels} pixels needs about {size_in_words(needed)}, "
        f"and {size_in_words(max(free, 1))} are free: {advice}."
    )
