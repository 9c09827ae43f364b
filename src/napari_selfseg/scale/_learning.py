"""A fit of a large image, learned from samples of it."""

from __future__ import annotations

from typing import Any

from napari_selfseg.protocol import Method, Run, evolve
from napari_selfseg.scale._sampling import samples
from napari_selfseg.scale._source import Source

__all__ = ["learning"]


def learning(
    source: Source, method: Method, *, count: int = 4, size: int = 256, **options: Any
) -> Run:
    """Begin to learn from samples spread over a large image; iterate the run to advance it.

    Parameters
    ----------
    source : Source
        The image.
    method : Method
        What to train.
    count : int
        How many samples, at most.
    size : int
        Side of a sample in pixels, at most.
    **options
        As for `evolve`: ``superpixels``, ``device``, ``threads``, ``precision``.

    Returns
    -------
    Run
        Its `fit` predicts the image.

    Raises
    ------
    ValueError
        When nothing can be learned from the image, or something given cannot be used.
    """
    spatial = len(source.shape)
    # A stack is labelled plane by plane, except by a method of volumes alone.
    ndim = 2 if 2 in method.ndims and spatial >= 2 else spatial
    pieces = samples(source, count, size, ndim)
    masks = [valid for _, valid in pieces]
    return evolve(
        [image for image, _ in pieces],
        method,
        channel_axis=None if source.channel_axis is None else -1,
        mask=masks if any(each is not None for each in masks) else None,
        name=source.name,
        **options,
    )
