"""All that can be chosen by name, and the two functions that need the names."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from napari_selfseg import record as _record
from napari_selfseg.consensus import Consensus, ConsensusSuperpixels
from napari_selfseg.methods import DIC, DSC, Backprop, DeepCut, SGSeg
from napari_selfseg.objects import connected, merged_small
from napari_selfseg.outlines import Outlines
from napari_selfseg.parameters import restore
from napari_selfseg.protocol import (
    BY_ITSELF,
    Method,
    Run,
    as_superpixels,
    evolve,
    go_on,
    prepare,
)
from napari_selfseg.superpixels import (
    AutomaticWatershed,
    CompactWatershed,
    ContourWatershed,
    Felzenszwalb,
    LineWatershed,
    Lsc,
    MeanShift,
    Patches,
    Quickshift,
    Slic,
    Spnn,
    Superpixels,
)

__all__ = [
    "METHODS",
    "PIECES",
    "SUPERPIXELS",
    "as_objects",
    "default_method",
    "over_segment",
    "replay",
    "segment",
]

METHODS: Final[tuple[type[Method], ...]] = (Consensus, Backprop, DIC, DSC, DeepCut, SGSeg)
SUPERPIXELS: Final[tuple[type[Superpixels], ...]] = (
    Slic,
    Felzenszwalb,
    MeanShift,
    Quickshift,
    CompactWatershed,
    ContourWatershed,
    LineWatershed,
    AutomaticWatershed,
    Lsc,
    Patches,
    Spnn,
    ConsensusSuperpixels,
)
# What segments are made of where a run has no superpixels of its own.
PIECES: Final[Superpixels] = Slic(n_segments=1000, compactness=10.0)
CLOSED = (*BY_ITSELF, "asked")
PASSED_ON = ("channel_axis", "spacing", "device", "threads", "precision")


def default_method() -> Method:
    """Return the method used when none is named.

    Returns
    -------
    Method
    """
    return Consensus()


def segment(
    image: Any, method: Method | None = None, *, outlines: Outlines | None = None, **options: Any
) -> Run:
    """Segment an image to the end.

    Parameters
    ----------
    image : array_like, or list of array_like
        As for `evolve`.
    method : Method, optional
        The default one otherwise.
    outlines : {"superpixels", "image"}, optional
        What the borders of the labels follow; as the method says by default.
    **options
        As for `evolve`: ``channel_axis``, ``superpixels``, ``mask``, ``scribbles``, ...

    Returns
    -------
    Run
        Finished; ``labels()`` are its labels.

    Raises
    ------
    ValueError
        When something given cannot be used; the message says what to do.
    """
    chosen = method or default_method()
    if outlines is not None:
        chosen = chosen.replace(outlines=outlines)
    return evolve(image, chosen, **options).finish()


def over_segment(
    image: Any,
    superpixels: Superpixels | Any,
    *,
    channel_axis: int | None = None,
    mask: Any = None,
    spacing: Sequence[float] | None = None,
    name: str = "",
) -> tuple[NDArray[np.int32], dict[str, Any]]:
    """Cut an image into superpixels, exactly those a run uses.

    Parameters
    ----------
    image : array_like
        ``(*spatial)`` with channels along `channel_axis`.
    superpixels : Superpixels or array_like of int
        An algorithm with its parameters, or labels, which are numbered through.
    channel_axis : int, optional
        Axis of the channels; None when there is none.
    mask : array_like of bool, optional
        True where there are data.
    spacing : sequence of float, optional
        Physical size of a pixel along each spatial axis.
    name : str
        What to call the image in the record.

    Returns
    -------
    labels : ndarray of int32
        ``(*spatial)``, contiguous from 1, 0 where there are no data.
    record : dict
        As from `Run.record`, with no method.

    Raises
    ------
    ValueError
        When something given cannot be used; the message says what to do.
    """
    algorithm = superpixels if isinstance(superpixels, Superpixels) else None
    ndims = algorithm.ndims if algorithm else (2, 3)
    scaled, valid, spaced = prepare(image, channel_axis, ndims, mask, spacing)
    if algorithm:
        labels = algorithm(np.moveaxis(scaled, 0, -1), spacing=spaced, mask=valid)
    else:
        labels = as_superpixels(superpixels, scaled.shape[1:], valid)
    record = {
        "software": _record.software(),
        "method": None,
        "superpixels": algorithm.as_dict() if algorithm else [labels.copy()],
        "images": [_record.fingerprint(image, name)],
        "several": False,
        "channel_axis": channel_axis,
        "mask": None if valid is None else [valid],
        "spacing": list(spaced),
        "iterations": 0,
        "shown": 0,
    }
    return labels, record


def as_objects(
    labels: NDArray[Any], wanted: Mapping[str, Any] | None, keep: Any = None
) -> NDArray[Any]:
    """Merge the small pieces of a class map, and number its pieces.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)`` classes from 1.
    wanted : mapping or None
        ``"objects"`` of a record: whether pieces are numbered (``"connected"``), and which are
        too small (``"minimum_size"``, in pixels).
    keep : array_like, optional
        As for `merged_small`, such as the scribbles of the run.

    Returns
    -------
    ndarray of int
        The labels themselves where nothing is wanted.
    """
    if not wanted:
        return labels
    size = int(wanted["minimum_size"])
    if wanted["connected"]:
        return connected(labels, minimum_size=size, keep=keep)
    return merged_small(labels, size, keep=keep)


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
        return as_objects(_labels_again(record, image), record.get("objects"), drawn)
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
    method = cast(Method, restore(record["method"], METHODS, "method"))
    shapes = _shapes(record)
    return evolve(
        image,
        method.replace(iterations=iterations),
        superpixels=_superpixels(record["superpixels"], shapes),
        mask=_arrays(record["mask"], shapes),
        scribbles=_arrays(record["scribbles"], shapes),
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
        return restore(source, SUPERPIXELS, "superpixel algorithm")
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
