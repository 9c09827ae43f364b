"""A fit of a large image, learned from samples of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psutil

from napari_selfseg.protocol import Fit, Method, Run, bytes_needed, evolve
from napari_selfseg.scale._plan._in_blocks import block_fit, blockwise_of
from napari_selfseg.scale._plan._plan_checks import check_in_parts
from napari_selfseg.scale._plan._sampling import Piece, learned_from, samples_of, side_within
from napari_selfseg.scale._plan._source import Source

__all__ = ["axes_of_sample", "fit_samples", "known_at_once"]


def fit_samples(
    source: Source,
    method: Method,
    *,
    count: int | None = None,
    size: int | None = None,
    ndim: int | None = None,
    memory: int | None = None,
    spacing: Sequence[float | None] | None = None,
    **options: Any,
) -> Run:
    """Begin to learn from samples spread over a large image; iterate the run to advance it.

    Parameters
    ----------
    count : int, optional
        How many samples, at most; what suits the method by default.
    size : int, optional
        Side of a sample in pixels, at most; what suits the method by default. An image that is no
        larger than all samples is one sample where objects are to be found.
    ndim : int, optional
        Axes of a sample. By default an image of three or more is taken for a stack of planes,
        except by a method of volumes alone.
    memory : int, optional
        Bytes that the process may take in all; what is free by default.
    spacing : sequence of float or None, optional
        Physical size of a pixel along each spatial axis of the image, which counts where objects
        are to be found.
    **options
        As for `evolve`: ``superpixels``, ``device``, ``threads``, ``precision``.

    Returns
    -------
    Run
        Its `fit` predicts the image.

    Raises
    ------
    ValueError
        When nothing can be learned from the image, memory does not suffice, or something given
        cannot be used.
    """
    axes = ndim or axes_of_sample(method, source)
    size = size or _side(source, method, axes, count or samples_of(method), memory)
    pieces = learned_from(source, method, axes, count, size)
    _check_memory(source, method, pieces, memory)
    masks = [valid for _, valid in pieces]
    if method.tilewise() is not None:
        options["spacing"] = _sizes(spacing, axes)
    return evolve(
        [image for image, _ in pieces],
        method,
        channel_axis=None if source.channel_axis is None else -1,
        mask=masks if any(each is not None for each in masks) else None,
        name=source.name,
        **options,
    )


def known_at_once(
    source: Source, method: Method, ndim: int | None = None, superpixels: Any = None
) -> Fit | None:
    """Return what labels the blocks of an image as one, where a method does that.

    Parameters
    ----------
    ndim : int, optional
        As for `fit_samples`.
    superpixels : SuperpixelAlgorithm or array_like of int, optional
        That somebody chose.

    Returns
    -------
    Fit or None
        None where it is to be learned from samples (`fit_samples`).

    Raises
    ------
    ValueError
        When nothing can be learned from the image, or the method is set to what tiles cannot do:
        outlines that follow the image, or other superpixels than its own.
    """
    check_in_parts(method)
    blockwise = blockwise_of(method, source.shape, ndim or axes_of_sample(method, source))
    if blockwise is None:
        return None
    own = method.default_superpixels()
    if superpixels is not None and superpixels is not own and not _same(superpixels, own):
        name = getattr(own, "title", "its own")
        raise ValueError(
            f"{method.title} labels an image that is larger than memory with superpixels of its "
            f"own: choose {name}, or an area that fits."
        )
    return block_fit(source, method, blockwise)


def _same(chosen: Any, own: Any) -> bool:
    return isinstance(chosen, type(own)) and bool(chosen == own)


def axes_of_sample(method: Method, source: Source) -> int:
    """Return how many axes a sample has when nobody says: of a stack it is a plane."""
    spatial = len(source.shape)
    return 2 if 2 in method.ndims and spatial >= 2 else spatial


def _side(source: Source, method: Method, ndim: int, count: int, memory: int | None) -> int | None:
    """Return the side of samples of objects within the memory; None where nobody asks."""
    if memory is None or method.tilewise() is None:
        return None
    left = memory - psutil.Process().memory_info().rss
    return side_within(method, source.n_channels, source.shape[-ndim:], count, left)


def _sizes(spacing: Sequence[float | None] | None, axes: int) -> list[float] | None:
    """Return the sizes of a pixel of a sample; None where one is not known."""
    known = [each for each in (spacing or ())[-axes:] if each is not None]
    return known if len(known) == axes else None


def _check_memory(
    source: Source, method: Method, pieces: Sequence[Piece], memory: int | None
) -> None:
    if memory is None:
        return
    shape = pieces[0][0].shape[: pieces[0][0].ndim - (source.channel_axis is not None)]
    needed = bytes_needed(shape, source.n_channels, method, images=len(pieces))
    left = memory - psutil.Process().memory_info().rss
    if needed > left:
        size = " x ".join(map(str, shape))
        raise ValueError(
            f"Learning from {len(pieces)} samples of {size} pixels needs about {needed / 1e6:.0f} "
            f"MB, and {max(left, 0) / 1e6:.0f} MB are left: take smaller or fewer samples, allow "
            "more memory, or train a smaller network."
        )
