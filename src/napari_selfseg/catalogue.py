"""All that can be chosen by name, and the two functions that need the names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from napari_selfseg import record as _record
from napari_selfseg.methods import Backprop
from napari_selfseg.parameters import restore
from napari_selfseg.protocol import Method, Run, evolve
from napari_selfseg.superpixels import (
    CompactWatershed,
    Felzenszwalb,
    MeanShift,
    Quickshift,
    Slic,
    Superpixels,
)

__all__ = ["METHODS", "SUPERPIXELS", "default_method", "replay", "segment"]

METHODS: Final[tuple[type[Method], ...]] = (Backprop,)
SUPERPIXELS: Final[tuple[type[Superpixels], ...]] = (
    Slic,
    Felzenszwalb,
    MeanShift,
    Quickshift,
    CompactWatershed,
)
PASSED_ON = ("channel_axis", "spacing", "device", "threads", "precision")


def default_method() -> Method:
    """Return the method used when none is named.

    Returns
    -------
    Method
    """
    return Backprop()


def segment(image: Any, method: Method | None = None, **options: Any) -> Run:
    """Segment an image to the end.

    Parameters
    ----------
    image : array_like, or list of array_like
        As for `evolve`.
    method : Method, optional
        The default one otherwise.
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
    return evolve(image, method or default_method(), **options).finish()


def replay(record: Mapping[str, Any], image: Any) -> Run:
    """Make a recorded run again.

    Parameters
    ----------
    record : mapping
        From `Run.record` or a file.
    image : array_like, or list of array_like
        The recorded one.

    Returns
    -------
    Run
        Finished; ``labels(record["shown"])`` are the recorded labels.

    Raises
    ------
    ValueError
        When the image is another one, or something needed is missing.
    """
    images = image if record["several"] else [image]
    for each, expected in zip(images, record["images"], strict=True):
        _record.check_image(each, expected)
    if record["start"] is not None:
        raise ValueError(
            "This run began from a fit that is not in the record: load that fit and pass it as "
            "start to evolve."
        )
    method = cast(Method, restore(record["method"], METHODS, "method"))
    run = evolve(
        image,
        method.replace(iterations=max(1, record["iterations"])),
        superpixels=_superpixels(record["superpixels"]),
        mask=_arrays(record["mask"]),
        scribbles=_arrays(record["scribbles"]),
        **{key: record[key] for key in PASSED_ON},
    )
    if record["iterations"] == 0:
        run.stop()
    return run.finish()


def _superpixels(source: Any) -> Any:
    if isinstance(source, Mapping):
        return restore(source, SUPERPIXELS, "superpixel algorithm")
    return _arrays(source)


def _arrays(packed: Sequence[Any] | None) -> list[Any] | None:
    if packed is None:
        return None
    return [_record.unpack(each) if isinstance(each, Mapping) else each for each in packed]
