"""What there is before anything is learned: plausible objects, or those like an example."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.instances._finding import best_steps, first_objects, look_at
from napari_selfseg.instances._grey import Look
from napari_selfseg.instances._like._likeness import (
    Examples,
    described,
    distances,
    examples_of,
    first_gap,
)
from napari_selfseg.instances._like._shown import Shown, shown, strokes_of
from napari_selfseg.instances._network import ObjectNetwork
from napari_selfseg.instances._plausible import LEAST_CONTRAST, Plausible, Typical
from napari_selfseg.instances._resolution import enlarged
from napari_selfseg.instances._seen import Seen, Wanted
from napari_selfseg.instances._shapes import without

__all__ = ["begin", "go_on_from", "object_at"]

Labels = NDArray[np.int32]
# Factor up to which a size is the usual one.
_USUAL: Final = 4.0
# How much of a stroke lies in the object that it shows.
_MOST: Final = 0.5


def go_on_from(N: ObjectNetwork, images: Sequence[Seen], wanted: Wanted) -> list[Labels]:
    """Return the plausible objects of images, by what the network knows from others."""
    coarse, asked = [each.coarse(N.steps) for each in images], wanted.coarse(N.steps)
    first = [first_objects(each, N.look, asked, N.typical) for each in coarse]
    return [
        N.alike(labels, each.image, math.prod(N.steps))
        for labels, each in zip(first, coarse, strict=True)
    ]


def begin(
    N: ObjectNetwork,
    images: Sequence[Seen],
    wanted: Wanted,
    drawn: Sequence[NDArray[np.bool_] | None],
    check: Callable[[], None],
) -> list[Labels]:
    """Return the plausible objects of each image, and keep in the network what they are like.

    `drawn` marks where strokes show an object. `check` is called now and then and raises where a
    run is to stop.
    """
    first = _unshown(N, images, wanted, check)
    strokes = [[] if each is None else strokes_of(each) for each in drawn]
    if not any(strokes):
        return first
    check()
    numbers = [_objects_at(N, *each) for each in zip(first, strokes, strict=True)]
    if not _all_usual(N, first, numbers):
        most = max(range(len(images)), key=lambda n: len(strokes[n]))
        pixels = N.typical.size * math.prod(N.steps)
        found = shown(images[most], strokes[most], wanted, pixels)
        check()
        if found is not None and _goes_with(N, found):
            added = _added(N, images, first, numbers, most, found)
            kept = _like_examples(N, images, *added)
            # Where nothing else is alike, something else was looked for.
            if sum(int(each.max(initial=0)) for each in kept) > sum(map(len, added[1])):
                return kept
        if found is not None:
            first = _looked_for(N, images, wanted, found)
            numbers = [_objects_at(N, *each) for each in zip(first, strokes, strict=True)]
            first, numbers = _added(N, images, first, numbers, most, found)
    return _like_examples(N, images, first, numbers) if any(map(any, numbers)) else first


def _unshown(
    N: ObjectNetwork, images: Sequence[Seen], wanted: Wanted, check: Callable[[], None]
) -> list[Labels]:
    """Return what is plausible without any example."""
    spacing = images[0].spacing
    looks = _looked_at(images, wanted, check)
    clearest = max(range(len(looks)), key=lambda n: looks[n][1].worth)
    look, found = looks[clearest]
    check()
    steps = best_steps(images[clearest], look, wanted, found)
    wanted = wanted.coarse(steps)
    if max(steps) > 1:
        images = [each.coarse(steps) for each in images]
        chosen = wanted._replace(channel=look.channel + 1, dark=look.dark)
        looks = _looked_at(images, chosen, check)
    of_look = [found for each, found in looks if each == look]
    sizes = [each.typical for each in of_look if each.typical.size]
    typical = Typical(*np.median(sizes, axis=0)) if sizes else Typical()
    N.know(look, typical, spacing, steps)
    check()
    first: list[Labels] = []
    for each, (own, found) in zip(images, looks, strict=True):
        known: Plausible | Typical = found if own == look else typical
        first.append(first_objects(each, look, wanted, known))
        check()
    return first


def _looked_at(
    images: Sequence[Seen], wanted: Wanted, check: Callable[[], None]
) -> list[tuple[Look, Plausible]]:
    looks = []
    for each in images:
        check()
        looks.append(look_at(each, wanted))
    return looks


def _all_usual(N: ObjectNetwork, first: list[Labels], numbers: list[list[int]]) -> bool:
    """Say whether every stroke lies in an object of about the size that was found anyway."""
    pairs = zip([np.bincount(each.ravel()) for each in first], numbers, strict=True)
    return all(n and _is_usual(own[n] / N.typical.size) for own, of in pairs for n in of)


def _looked_for(
    N: ObjectNetwork, images: Sequence[Seen], wanted: Wanted, found: Shown
) -> list[Labels]:
    """Return the plausible objects that look like what was shown."""
    typical = Typical(found.size, found.contrast, found.size, found.contrast)
    N.know(found.look, typical, N.spacing, found.steps)
    coarse, asked = [each.coarse(N.steps) for each in images], wanted.coarse(N.steps)
    return [first_objects(each, N.look, asked, N.typical) for each in coarse]


def _goes_with(N: ObjectNetwork, found: Shown) -> bool:
    """Say whether objects like what was shown are among those that are looked for anyway."""
    usual = N.typical
    if not usual.size or found.look.dark != N.look.dark:
        return False
    size = found.size * math.prod(found.steps) / math.prod(N.steps)
    return _is_usual(size / usual.size) and found.contrast >= LEAST_CONTRAST * usual.contrast


def _is_usual(ratio: float) -> bool:
    return 1 / _USUAL <= ratio <= _USUAL


def _added(
    N: ObjectNetwork,
    images: Sequence[Seen],
    first: list[Labels],
    numbers: list[list[int]],
    most: int,
    found: Shown,
) -> tuple[list[Labels], list[list[int]]]:
    """Put in objects that strokes show where there was none, or one of another size."""
    labels, own, shape = first[most].copy(), list(numbers[most]), images[most].image.shape[1:]
    sizes = np.bincount(labels.ravel())
    for k, mask in enumerate(found.masks):
        if own[k] and _is_usual(sizes[own[k]] / N.typical.size):
            continue
        where = mask
        if found.steps != N.steps:
            whole = enlarged(mask.astype(np.int32), shape, found.steps)
            where = np.zeros(labels.shape, bool)
            where[tuple(np.argwhere(whole).T // np.array(N.steps)[:, None])] = True
        own[k] = int(labels.max(initial=0)) + 1
        labels[where] = own[k]
    # Objects that were under it are cut or gone, and numbers stay contiguous.
    order = np.concatenate(([0], np.cumsum(np.bincount(labels.ravel())[1:] > 0)))
    first, numbers = list(first), [[n for n in each if n] for each in numbers]
    first[most] = without(labels, np.zeros(len(order), bool))
    numbers[most] = list(dict.fromkeys(int(order[n]) for n in own))
    return first, numbers


def _objects_at(N: ObjectNetwork, labels: Labels, strokes: list[NDArray[np.int64]]) -> list[int]:
    return [object_at(labels, np.unique(each // N.steps, axis=0)) for each in strokes]


def object_at(labels: NDArray[np.integer[Any]], stroke: NDArray[np.int64]) -> int:
    """Return the object that a stroke, ``(n, ndim)`` indices, lies in.

    0 where most of it lies in none.
    """
    here = labels[tuple(stroke.T)]
    inside = here[here > 0]
    return int(np.bincount(inside).argmax()) if len(inside) >= _MOST * len(stroke) else 0


def _like_examples(
    N: ObjectNetwork, images: Sequence[Seen], first: list[Labels], numbers: list[list[int]]
) -> list[Labels]:
    """Keep what examples are like, and take away what is unlike them."""
    pixels = math.prod(N.steps)
    coarse = [each.coarse(N.steps).image for each in images]
    rows = [
        examples_of(labels, there, image, pixels)
        for labels, of, image in zip(first, numbers, coarse, strict=True)
        if (there := [n for n in of if n])
    ]
    N.show(Examples(*(np.concatenate(each) for each in zip(*rows, strict=True))))
    pairs = zip(first, coarse, strict=True)
    d = [distances(*described(labels, image, pixels), N.examples) for labels, image in pairs]
    N.unlike_from(first_gap(np.concatenate(d)))
    return [N.alike(labels, image, pixels) for labels, image in zip(first, coarse, strict=True)]
