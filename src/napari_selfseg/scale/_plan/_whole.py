"""What holds for the whole of an image whose objects are found tile by tile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

from napari_selfseg.io import atomic_file
from napari_selfseg.protocol import (
    Fit,
    Found,
    Grid,
    ImagePart,
    Tilewise,
    check_finite,
    limited_threads,
    resolve_device,
    resolve_threads,
)
from napari_selfseg.scale._plan._plan import PLAN, Plan, load_plan
from napari_selfseg.scale._plan._sampling import learned_from, samples, samples_of, side_within
from napari_selfseg.scale._plan._source import Source

__all__ = ["halo_known", "keep_whole", "objects_of", "whole_known", "whole_of"]

WHOLE = "whole.npz"
# Windows that tell the grey values, and their sides by number of axes.
_WINDOWS = 64
_SIDES = {2: 256, 3: 40}


def whole_known(
    source: Source,
    fit: Fit,
    work: Path,
    memory: int | None,
    *,
    size: int | None,
    device: str,
    threads: int | None,
) -> Found | None:
    """Find out what holds for a whole image, from samples of it, or from all of a small one.

    Parameters
    ----------
    work : pathlib.Path
        Work folder, where it may be known from an earlier plan.
    memory : int or None
        Bytes that the process may take in all.
    size : int or None
        Side of a sample in pixels, at most; what suits method and memory by default.

    Returns
    -------
    mapping of str to ndarray or None
        None for methods that find no objects.

    Raises
    ------
    ValueError
        When the image cannot be looked at.
    """
    if (tilewise := fit.method.tilewise()) is None:
        return None
    if (work / PLAN).is_file():
        return whole_of(load_plan(work))
    ndim = fit.ndim
    pieces = learned_from(source, fit.method, ndim, size=size or _side(source, fit, memory))
    alone = len(pieces) == 1 and pieces[0][0].shape[:ndim] == source.shape
    windows = pieces if alone else samples(source, _WINDOWS, _SIDES[ndim], ndim)
    channels = source.channel_axis is not None
    parts, seen = ([_part(fit, *piece, channels) for piece in each] for each in (pieces, windows))
    network, shape = fit.restored(resolve_device(device)), source.shape[-ndim:]
    with limited_threads(resolve_threads(threads)), torch.no_grad():
        return tilewise.learn(network, parts, seen, shape)


def halo_known(fit: Fit, known: Found) -> tuple[int, ...]:
    """Return how far a tile reads beyond itself; `known` is from `whole_known`."""
    return _tilewise(fit).halo(fit.restored(torch.device("cpu")), known)


def keep_whole(plan: Plan, known: Found) -> None:
    """Keep what holds for the whole image, from `whole_known`, beside a plan."""
    with atomic_file(plan.beside(WHOLE)) as part, part.open("wb") as file:
        arrays: dict[str, Any] = dict(known)
        np.savez(file, **arrays)


def whole_of(plan: Plan) -> Found:
    """Return what was kept beside a plan of tiles that find objects."""
    try:
        with np.load(plan.beside(WHOLE)) as found:
            return dict(found)
    except Exception as error:  # whatever somebody put there
        path = plan.beside(WHOLE)
        raise ValueError(f"{path} is damaged, plan the labels anew: {error}") from None


def objects_of(
    plan: Plan, fit: Fit, number: int, piece: tuple[NDArray[Any], NDArray[np.bool_] | None]
) -> NDArray[np.int32]:
    """Find the objects of a tile with its halo, from 1; 0 of the background.

    `piece` is image and mask as they were read, with the halo.
    """
    box, known = plan.grid.outer(number), whole_of(plan)
    shape = tuple(each.stop - each.start for each in box)
    image, valid = piece
    if valid is not None and not valid.any():
        return np.zeros(shape, np.int32)
    part = _part(fit, image, valid, plan.source.channel_axis is not None)
    part = part._replace(ends=_ends(plan.grid, number)[-fit.ndim :])
    with limited_threads(resolve_threads(plan.threads)), torch.no_grad():
        network = fit.restored(resolve_device(plan.device))
        found: NDArray[np.int32] = _tilewise(fit).find(network, known, part)
    return found.reshape(shape)


def _side(source: Source, fit: Fit, memory: int | None) -> int | None:
    if memory is None:
        return None
    left, count = memory - psutil.Process().memory_info().rss, samples_of(fit.method)
    return side_within(fit.method, fit.in_channels, source.shape[-fit.ndim :], count, left)


def _tilewise(fit: Fit) -> Tilewise:
    found = fit.method.tilewise()
    if found is None:
        raise ValueError(f"{fit.method.title} finds no objects: plan the labels anew.")
    return found


def _ends(grid: Grid, number: int) -> tuple[tuple[bool, bool], ...]:
    box = grid.outer(number)
    return tuple((s.start == 0, s.stop == n) for s, n in zip(box, grid.shape, strict=True))


def _part(
    fit: Fit, image: NDArray[Any], valid: NDArray[np.bool_] | None, channels: bool
) -> ImagePart:
    array = np.moveaxis(image, -1, 0) if channels else image[None]
    check_finite(array, valid)
    return ImagePart(fit.scaling(array, valid), valid)
