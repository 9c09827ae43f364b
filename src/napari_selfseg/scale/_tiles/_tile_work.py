"""What a worker does with one tile. Everything it needs is in the plan and in its folder."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import load_fit, open_labels
from napari_selfseg.machine.memory import keep_freed_memory
from napari_selfseg.protocol import Fit, label_dtype, limited_threads, resolve_threads
from napari_selfseg.scale._plan._identity import check_tile, hash_of
from napari_selfseg.scale._plan._in_blocks import PIECES, Superpixels, first_pixels, picture_of
from napari_selfseg.scale._plan._ledger import Ledger
from napari_selfseg.scale._plan._plan import Plan
from napari_selfseg.scale._plan._source import Source
from napari_selfseg.scale._tiles._joining import Face, face_of, pieces_of
from napari_selfseg.scale._tiles._objects import find, meet, paint
from napari_selfseg.scale._tiles._tile_arrays import load_arrays, save_arrays
from napari_selfseg.scale._tiles._voting import counted

__all__ = ["predicted", "read_face", "work_on"]

Task = tuple[Plan, str, int]


def work_on(task: Task) -> dict[str, Any] | None:
    """Do a pass with a tile, unless it is done or another process is at it.

    `task` is the plan, the name of the pass, and the number of the tile.

    Returns
    -------
    dict or None
        What its marker says, with ``"before"`` where it was done already; None while another
        process is at it.

    Raises
    ------
    ValueError, OSError
        When the tile cannot be read or written.
    """
    plan, name, number = task
    ledger = Ledger(plan.work)
    with ledger.claim(name, number) as held:
        if (known := ledger.result(name, number)) is not None:
            return {**known, "before": True}
        if not held:
            return None
        # Tile after tile wants the same memory: mapping it anew takes three times as long.
        keep_freed_memory()
        start = time.perf_counter()
        passes = {"predict": _predict, "vote": _vote, "cut": _cut, "compare": _compare}
        passes |= {"find": find, "meet": meet, "paint": paint, "number": _number}
        result = passes[name](plan, number)
        seconds = round(time.perf_counter() - start, 3)
        return ledger.mark(name, number, {**result, "seconds": seconds})


def predicted(
    fit: Fit,
    image: NDArray[Any],
    valid: NDArray[np.bool_] | None,
    channel_axis: int | None,
    **how: Any,
) -> NDArray[Any]:
    """Label a tile, which may be empty.

    Channels, if any, are last in `image`; `channel_axis` is that of the large image. Other options
    are those of `Fit.predict`.
    """
    axis = None if channel_axis is None else -1
    if valid is not None and not valid.any():
        return np.zeros(valid.shape, label_dtype(fit.method.n_classes))
    return fit.predict(image, channel_axis=axis, mask=valid, part=True, **how)


def read_face(plan: Plan, number: int, axis: int, last: bool) -> Face:
    """Read a face of a tile that was predicted, across `axis`: the last one, or the first."""
    key = f"{axis}{int(last)}"
    return Face(*load_arrays(plan, "faces", number, f"pieces{key}", f"classes{key}"))


def _predict(plan: Plan, number: int) -> dict[str, Any]:
    fit, grid = load_fit(plan.model), plan.grid
    image, valid = plan.source.read(grid.outer(number), fit.ndim)
    crop = grid.crop(number)
    # Axes before those of the fit are cut into single planes, which are no axes of what is read.
    sha256 = hash_of(image[crop[len(crop) - fit.ndim :]])
    check_tile(plan, "source", number, image)
    how = {"device": plan.device, "threads": plan.threads}
    labels = predicted(fit, image, valid, plan.source.channel_axis, **how)
    inner = tuple(each.stop - each.start for each in crop)
    classes = labels[crop[len(crop) - fit.ndim :]].reshape(inner)
    known = {"sha256": sha256}
    if plan.superpixels is None:
        return {**known, **_found(plan, number, classes)}
    votes = counted(_superpixels(plan, number), classes)
    save_arrays(plan, "votes", number, **votes._asdict())
    return known


def _vote(plan: Plan, number: int) -> dict[str, Any]:
    with np.load(plan.beside("winners.npz")) as found:
        names, classes = found["superpixels"], found["classes"]
    superpixels = _superpixels(plan, number)
    # A superpixel none of whose pixels has a class has no winner, and so no name here.
    at = np.searchsorted(names, superpixels)
    known = names[np.minimum(at, len(names) - 1)] == superpixels
    voted = np.where(known, classes[np.minimum(at, len(names) - 1)], 0)
    return _found(plan, number, voted)


def _found(plan: Plan, number: int, classes: NDArray[Any]) -> dict[str, Any]:
    """Write the classes of a tile, or what its objects are made of."""
    box = plan.grid.inner(number)
    if plan.objects is None:
        target = open_labels(plan.labels)
        target[box] = classes.astype(target.dtype)
        return {"classes": np.unique(classes[classes > 0]).tolist()}
    pieces, sizes = pieces_of(classes)
    open_labels(plan.beside(PIECES))[box] = pieces
    faces = {
        f"{kind}{axis}{int(last)}": values
        for axis in range(pieces.ndim)
        for last in (False, True)
        for kind, values in face_of(pieces, classes, axis, last)._asdict().items()
    }
    save_arrays(plan, "faces", number, sizes=sizes, **faces)
    return {"pieces": len(sizes)}


def _cut(plan: Plan, number: int) -> dict[str, Any]:
    """Cut a block into superpixels."""
    grid = plan.grid
    image, _ = plan.source.read(grid.outer(number), len(plan.shape))
    check_tile(plan, "source", number, image)
    sha256 = hash_of(image[grid.crop(number)])
    blockwise, known, picture = picture_of(plan)
    with limited_threads(resolve_threads(plan.threads)):
        cut = blockwise.cut(known, picture, number)
    box = grid.inner(number)
    open_labels(plan.beside(PIECES))[box] = cut
    save_arrays(plan, "blocks", number, first=first_pixels(cut, box, grid))
    return {"sha256": sha256, "pieces": int(cut.max(initial=0))}


def _compare(plan: Plan, number: int) -> dict[str, Any]:
    """Find out what a block says of superpixels."""
    blockwise, known, picture = picture_of(plan)
    with limited_threads(resolve_threads(plan.threads)):
        found = blockwise.compare(known, picture, Superpixels(plan), number)
    save_arrays(plan, "compared", number, **found)
    return {}


def _number(plan: Plan, number: int) -> dict[str, Any]:
    box = plan.grid.inner(number)
    numbers = np.load(plan.beside("numbers", f"{number}.npy"))
    target = open_labels(plan.labels)
    target[box] = numbers[open_labels(plan.beside(PIECES))[box]].astype(target.dtype)
    return {"highest": int(numbers.max(initial=0))}


def _superpixels(plan: Plan, number: int) -> NDArray[Any]:
    assert isinstance(plan.superpixels, Source)
    found = plan.superpixels.read(plan.grid.inner(number), len(plan.shape))[0]
    check_tile(plan, "superpixels", number, found)
    return found
