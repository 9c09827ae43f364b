"""Segments of any method as objects: the image itself says which of them are background.

Plausible objects of the image (`_plausible`) are the evidence. A connected piece of a segment is

- an *object*, or several that touch, where plausible objects cover at least half of it;
- *mixed*, where they cover less, but more than could be chance: then the plausible objects in it
  are taken, and the rest is background;
- *background* otherwise, and what seems to stand out in it is not believed.

Another kind of objects (dark ones among bright ones, or those of another channel) is taken as well,
where the segments bear it out: where most of its plausible objects are pieces of segments.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.instances._dividing._splitting import divided
from napari_selfseg.instances._finding import first_objects, look_at
from napari_selfseg.instances._grey import Look, is_bright, rooted
from napari_selfseg.instances._plausible import SMALLEST, Plausible, plausible, stretched
from napari_selfseg.instances._seen import Seen, Wanted
from napari_selfseg.instances._shapes import at_edges, filled, typical_size, without
from napari_selfseg.labelmaps import split

__all__ = ["found_in_segments"]

# Of a piece: how much of an object, and of a mixed one, plausible objects cover at least.
_OBJECT: Final = 0.5
_MIXED: Final = 0.04
# Of a plausible object: how much of it lies in mixed pieces where it is taken for itself.
_INSIDE: Final = 0.5
# Smallest object in the typical size.
_SMALL: Final = 0.12
# Another kind: overlap of an object with a piece that bears it out, share of those that have one,
# and how many there are at least.
_SAME: Final = 0.5
_BORNE_OUT: Final = 0.5
_SEVERAL: Final = 3
# How many times as much of a kind must be pieces of segments to be clearer than what stands out.
_CLEARLY: Final = 2
# How much of an object may lie on those of a clearer kind.
_APART: Final = 0.1


def found_in_segments(
    labels: NDArray[np.integer[Any]], seen: Seen, wanted: Wanted
) -> NDArray[np.int32]:
    """Return the objects among segments, contiguous from 1; 0 of the background and without data.

    The limits in `wanted` are those of the evidence.
    """
    pieces = split(labels.astype(np.int32), 1)
    kinds = _kinds(pieces, seen, wanted)
    (look, known), *others = kinds
    found = _of_one_kind(pieces, seen, wanted, look, known)
    for other, more in others:
        more = more._replace(labels=_apart(more.labels, found))
        if _borne_out(more.labels, np.where(found > 0, 0, pieces)):
            objects = _apart(_of_one_kind(pieces, seen, wanted, other, more), found)
            found[objects > 0] = objects[objects > 0] + found.max(initial=0)
    if seen.valid is not None:
        found[~seen.valid] = 0
    return without(found, np.zeros(int(found.max(initial=0)) + 1, bool))


def _kinds(pieces: NDArray[np.int32], seen: Seen, wanted: Wanted) -> list[tuple[Look, Plausible]]:
    """Return how objects may look, with the plausible ones, the clearest kind first."""
    found = [look_at(seen, wanted)]
    channels = range(len(seen.image)) if wanted.channel == 0 else (wanted.channel - 1,)
    for look in (Look(c, dark) for c in channels for dark in (False, True)):
        if look != found[0][0] and wanted.dark in (None, look.dark):
            u = stretched(seen.grey(look), seen.valid, seen.spacing)
            found.append((look, plausible(u, seen.spacing, wanted.limits, dark=look.dark)))
    # What stands out most is the clearest, unless segments say clearly that another channel is.
    borne = [
        int(_same_as_pieces(each.labels, pieces).sum()) * _is_usual(seen, look)
        for look, each in found
    ]
    best = int(np.argmax(borne))
    if wanted.dark is None and borne[best] > _CLEARLY * borne[0]:
        found.insert(0, found.pop(best))
    return found


def _is_usual(seen: Seen, look: Look) -> bool:
    """Say whether a channel is skewed as a look has it: most of an image is background."""
    return look.dark != is_bright(seen.image[look.channel], seen.valid, seen.spacing)


def _apart(objects: NDArray[np.int32], found: NDArray[np.int32]) -> NDArray[np.int32]:
    """Leave out objects that lie on what was found: one kind of them is shown once."""
    return without(objects, _share(objects, found > 0) > _APART)


def _borne_out(objects: NDArray[np.int32], pieces: NDArray[np.int32]) -> bool:
    """Say whether most objects are pieces of segments, and there are several."""
    same = np.count_nonzero(_same_as_pieces(objects, pieces))
    return bool(same >= max(_SEVERAL, _BORNE_OUT * int(objects.max(initial=0))))


def _same_as_pieces(objects: NDArray[np.int32], pieces: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the sizes of objects that are pieces of segments, and 0 for the others."""
    on = objects > 0
    sizes, areas = np.bincount(objects.ravel()), np.bincount(pieces.ravel())
    sizes[0] = 0
    if not on.any():
        return sizes
    keys = objects[on].astype(np.int64) * len(areas) + pieces[on]
    pairs, shared = np.unique(keys, return_counts=True)
    one, other = pairs // len(areas), pairs % len(areas)
    same = (other > 0) & (shared / (sizes[one] + areas[other] - shared) >= _SAME)
    sizes[np.setdiff1d(np.arange(len(sizes)), one[same])] = 0
    return sizes


def _of_one_kind(
    pieces: NDArray[np.int32], seen: Seen, wanted: Wanted, look: Look, known: Plausible
) -> NDArray[np.int32]:
    first = first_objects(seen, look, wanted, known)
    parts = _chosen(pieces, first)
    if not parts.any():
        return parts
    whole = filled(split((parts > 0).astype(np.int32), 1))
    found = whole
    if wanted.divide:
        u = stretched(seen.grey(look), seen.valid, seen.spacing)
        found = divided(whole, u, known.typical.size, seen.spacing, parts)
    found = _large_enough(found)
    foot = rooted(seen.grey(look), seen.valid, dark=look.dark)
    return _large_enough(at_edges(found, foot, typical_size(found), seen.spacing))


def _large_enough(objects: NDArray[np.int32]) -> NDArray[np.int32]:
    least = max(_SMALL * typical_size(objects), SMALLEST)
    return without(objects, np.bincount(objects.ravel(), minlength=1) < least)


def _chosen(pieces: NDArray[np.int32], first: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the pieces that are objects, and the plausible objects in mixed ones."""
    covered = _share(pieces, first > 0)
    is_object, is_mixed = covered >= _OBJECT, covered >= _MIXED
    is_object[0] = is_mixed[0] = False
    objects, mixed = is_object[pieces], is_mixed[pieces] & ~is_object[pieces]
    taken = _share(first, mixed) >= _INSIDE
    taken[0] = False
    parts = np.where(objects, pieces, 0)
    here = taken[first] & ~objects
    parts[here] = first[here] + len(covered)
    return parts


def _share(labels: NDArray[np.int32], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how much of each label lies there."""
    sizes = np.bincount(labels.ravel(), minlength=1)
    inside = np.bincount(labels.ravel(), where.ravel(), len(sizes))
    return np.asarray(inside / np.maximum(sizes, 1))
