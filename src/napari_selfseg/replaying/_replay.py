"""Recorded labels, made again."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from napari_selfseg import record as _record
from napari_selfseg.catalogue import (
    as_objects,
    finish_named,
    known_methods,
    known_superpixels,
    over_segment,
)
from napari_selfseg.convolving import replaying_ways
from napari_selfseg.editing import apply_edits
from napari_selfseg.parameters import restore
from napari_selfseg.protocol import (
    BY_ITSELF,
    Method,
    Run,
    evolve,
    go_on,
)

__all__ = ["replay"]

CLOSED = (*BY_ITSELF, "asked")


PASSED_ON = ("channel_axis", "spacing", "device", "threads", "precision")


def replay(record: Mapping[str, Any], image: Any) -> NDArray[Any]:
    """Make recorded labels again.

    Parameters
    ----------
    record : mapping
        From `Run.record`, a layer's metadata or a file.
    image : array_like, or list of array_like
        The recorded one.

    Returns
    -------
    ndarray of int
        The labels; of several images those of the first.

    Raises
    ------
    ValueError
        When the image is another one, or something needed is missing.
    """
    if "applied" in record:
        raise ValueError(
            "These labels are those of a model that was applied: apply the model again to make "
            "them."
        )
    if "stack" in record:
        raise ValueError(
            "These labels are those of a stack that was done plane by plane: replay_stack makes "
            "them again."
        )
    _record.check_record(record)
    try:
        _check_images(record, image)
        if record.get("edited"):
            raise ValueError("These labels were edited by hand: load the labels themselves.")
        if record["method"] is None:
            return _superpixels_again(record["superpixels"], record, image)
        drawn = (_arrays(record["scribbles"], _shapes(record)) or [None])[0]
        drawn = drawn if (later := _drawn_later(record)) is None else later
        with replaying_ways(record.get("ways") or {}):
            labels = as_objects(_labels_again(record, image), record.get("objects"), drawn)
        return _edited_again(labels, record, image)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"The record is damaged or not complete: {error}.") from error


def _check_images(record: Mapping[str, Any], image: Any) -> None:
    images = list(image) if record["several"] and isinstance(image, list | tuple) else [image]
    if len(images) != len(record["images"]):
        raise ValueError(f"The record is of {len(record['images'])} images: give these in order.")
    for each, expected in zip(images, record["images"], strict=True):
        _record.check_image(each, expected)


def _superpixels_again(recorded: Any, record: Mapping[str, Any], image: Any) -> NDArray[np.int32]:
    shapes = _shapes(record)
    source, mask = _superpixels(recorded, shapes), _arrays(record["mask"], shapes)
    return over_segment(
        image,
        source[0] if isinstance(source, list) else source,
        channel_axis=record["channel_axis"],
        mask=None if mask is None else mask[0],
        spacing=record["spacing"],
    )[0]


def _labels_again(record: Mapping[str, Any], image: Any) -> NDArray[Any]:
    done, shown = record["iterations"], record["shown"]
    if record["stop"] is not None and record["stop"]["kind"] in CLOSED:
        return _shown(_run_again(record, image, done), record, image)
    # The labels of a run that had no closing step are those of a step on its way.
    with contextlib.closing(_begun_again(record, image, done + 1)) as run:
        next((step for step in run if step.iteration == shown), None)
        return _shown(run, record, image)


def _shown(run: Run, record: Mapping[str, Any], image: Any) -> NDArray[Any]:
    """Return the labels of the iteration shown, or the cut of all up to it."""
    cut = record.get("cut")
    if cut is None:
        return run.labels(record["shown"])
    pieces = None
    if cut.get("superpixels") is not None:
        first = image[0] if record["several"] else image
        pieces = _superpixels_again(cut["superpixels"], record, first)
    found, drawn = run.hierarchy(superpixels=pieces), _drawn_later(record)
    labels = (found if drawn is None else found.bound(drawn)).cut(int(cut["n_segments"]))
    return run.outlined(labels, scribbles=drawn)


def _edited_again(labels: NDArray[Any], record: Mapping[str, Any], image: Any) -> NDArray[Any]:
    """Correct the labels as a person did."""
    if not record.get("edits"):
        return labels
    first = image[0] if record["several"] else image
    mask = (_arrays(record["mask"], _shapes(record)) or [None])[0]
    given = {key: record[key] for key in ("channel_axis", "spacing")}
    return apply_edits(labels, record["edits"], image=first, mask=mask, **given).labels


def _drawn_later(record: Mapping[str, Any]) -> NDArray[Any] | None:
    """Return the strokes that a cut was bound to after the run."""
    given = (record.get("cut") or {}).get("scribbles")
    return None if given is None else (_arrays([given], _shapes(record)[:1]) or [None])[0]


def _run_again(record: Mapping[str, Any], image: Any, iterations: int) -> Run:
    """Return the run, ended with its closing step."""
    begun = [0, *(record.get("continued") or ())][-1]
    run = _begun_again(record, image, iterations + (iterations == begun))
    if iterations == begun:
        run.stop()
    return run.finish()


def _begun_again(record: Mapping[str, Any], image: Any, iterations: int) -> Run:
    """Return the run at its begin, or where it was ended last to be gone on with."""
    if ended := record.get("continued"):
        before = _run_again({**record, "continued": ended[:-1]}, image, int(ended[-1]))
        return go_on(before, image, iterations=iterations)
    if record["start"] is not None:
        raise ValueError(
            "This run began from a fit that is not in the record: load that fit and pass it as "
            "start to evolve."
        )
    method = cast(Method, restore(record["method"], known_methods(), "method"))
    shapes = _shapes(record)
    return evolve(
        image,
        method.replace(iterations=iterations),
        superpixels=_superpixels(record["superpixels"], shapes),
        mask=_arrays(record["mask"], shapes),
        scribbles=_arrays(record["scribbles"], shapes),
        finish=finish_named(record.get("finish")),
        **{key: record[key] for key in PASSED_ON},
    )


def _shapes(record: Mapping[str, Any]) -> list[tuple[int, ...]]:
    """Return the spatial shape of each image; they were compared with those that are there."""
    found, axis = [list(each["shape"]) for each in record["images"]], record["channel_axis"]
    for shape in found if axis is not None else ():
        del shape[axis]
    return [tuple(shape) for shape in found]


def _superpixels(source: Any, shapes: Sequence[tuple[int, ...]]) -> Any:
    if isinstance(source, Mapping):
        return restore(source, known_superpixels(), "superpixel algorithm")
    return _arrays(source, shapes)


def _arrays(packed: Sequence[Any] | None, shapes: Sequence[tuple[int, ...]]) -> list[Any] | None:
    if packed is None:
        return None
    if len(packed) != len(shapes):
        raise ValueError(
            f"The record is damaged: it has {len(packed)} arrays for {len(shapes)} images."
        )
    return [
        _record.unpack(each, shape) if isinstance(each, Mapping) else each
        for each, shape in zip(packed, shapes, strict=True)
    ]
