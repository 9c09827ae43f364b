"""Make the labels of a stack again from their record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from numpy.typing import NDArray

from napari_selfseg.catalogue import as_objects, finish_named, known_methods, known_superpixels
from napari_selfseg.editing import apply_edits
from napari_selfseg.parameters import restore
from napari_selfseg.protocol import Method
from napari_selfseg.record import check_image, check_record
from napari_selfseg.scale._planes._over_stack import over_stack

__all__ = ["replay_stack"]


def replay_stack(
    record: Mapping[str, Any], image: Any, *, mask: Any = None, superpixels: Any = None
) -> NDArray[Any]:
    """Make the labels of a stack again.

    Parameters
    ----------
    record : mapping
        From `StackRun.record`.
    image : array_like
        The recorded one.
    mask, superpixels : array_like, optional
        Those that were given as arrays: the record knows only their fingerprints.

    Returns
    -------
    ndarray of uint16 or uint32

    Raises
    ------
    ValueError
        When something is another one or missing, or the stack was stopped or resumed.
    """
    check_record(record)
    try:
        _check_whole(record)
        check_image(image, record["images"][0])
        _check_given(mask, record["mask"], "mask")
        labels = cast("NDArray[Any]", _again(record, image, mask, superpixels))
        labels = as_objects(labels, record.get("objects"))
        if not record.get("edits"):
            return labels
        given = {key: record[key] for key in ("channel_axis", "spacing")}
        axes = record["stack"]["axis"]
        return apply_edits(
            labels, record["edits"], image=image, mask=mask, axes=axes, **given
        ).labels
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"The record is damaged or not complete: {error}.") from error


def _again(record: Mapping[str, Any], image: Any, mask: Any, superpixels: Any) -> Any:
    told, regions = record["stack"], record["superpixels"]
    if regions is None or "sha256" in regions:
        _check_given(superpixels, regions, "superpixels")
    else:
        superpixels = restore(regions, known_superpixels(), "superpixel algorithm")
    # Asked before each plane, and before a common fit.
    views = iter([*told["order"][: told["carry"] == "joint"], *told["order"]])
    run = over_stack(
        image,
        cast(Method, restore(record["method"], known_methods(), "method")),
        mask=mask,
        superpixels=superpixels,
        finish=finish_named(record.get("finish")),
        viewed=lambda: _next(views),
        **{key: told[key] for key in ("carry", "axis", "iterations", "planes_fitted")},
        **{key: record[key] for key in ("channel_axis", "spacing", "device", "threads")},
        precision=record["precision"],
    )
    return run.finish().out


def _next(views: Iterator[int]) -> int:
    for plane in views:
        return int(plane)
    raise ValueError("The record is damaged: it does not say of every plane when it was taken.")


def _check_whole(record: Mapping[str, Any]) -> None:
    told = record["stack"]
    if told["resumed"]:
        raise ValueError("This stack was stopped and resumed: its record does not know all of it.")
    if record["stop"] is None or record["stop"]["kind"] != "finished":
        raise ValueError("This stack was not finished: segment it again to make it whole.")


def _check_given(given: Any, expected: Mapping[str, Any] | None, what: str) -> None:
    if given is not None and expected is not None:
        check_image(given, expected)
    elif given is not None:
        raise ValueError(f"This stack was segmented with no {what} given: leave out the {what}.")
    elif expected is not None:
        raise ValueError(f"The record knows only what the {what} looked like: give the array.")
