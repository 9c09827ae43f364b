"""The recipe in the record of labels: what can be done to other images as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from napari_selfseg.protocol import BY_ITSELF
from napari_selfseg.record import check_record

__all__ = ["recorded"]

# Stops whose labels are those of the closing step, however many iterations a run might have had.
ENDED: Final = BY_ITSELF
WHY_NOT: Final = {
    "edited": "they were edited by hand",
    "edits": "they were corrected by hand, and what was corrected is of one image",
    "several": "they are of a model of several images: save it and apply the model",
    "scribbles": "they follow scribbles, which were drawn for one image",
    "mask": "a mask said where that one image has no data",
    "superpixels": "their superpixels came from a layer or a file, and are of one image",
    "start": "they began from what was learned before: save that and apply the model",
}


def recorded(record: Mapping[str, Any]) -> dict[str, Any]:
    """Read how labels were made from their record, as `Recipe.as_dict` writes it.

    Raises
    ------
    ValueError
        When it holds what belongs to one image alone; the message says what.
    """
    check_record(record)
    try:
        _check(record)
        # Labels of a batch say it themselves.
        return dict(record["recipe"]) if "recipe" in record else _values(record)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"The record is damaged or not complete: {error}.") from error


def _check(record: Mapping[str, Any]) -> None:
    if by_hand := {"edited", "edits"} & {key for key, value in record.items() if value}:
        raise _refusal(WHY_NOT[min(by_hand)])
    if "recipe" in record:
        return
    if "applied" in record:
        raise _refusal("they are of a model: choose the file of the model instead")
    if "stack" in record:
        _check_stack(record)
        return
    if record["method"] is None:
        raise _refusal("they are superpixels, made without a method")
    for key in ("several", "scribbles", "mask", "start"):
        if _is_there(record[key]):
            raise _refusal(WHY_NOT[key])
    if (record.get("cut") or {}).get("scribbles") is not None:
        raise _refusal(WHY_NOT["scribbles"])
    if isinstance(record["superpixels"], list):
        raise _refusal(WHY_NOT["superpixels"])


def _check_stack(record: Mapping[str, Any]) -> None:
    """Refuse what was given as arrays: these are in the record of a stack by fingerprint."""
    if record["mask"]:
        raise _refusal(WHY_NOT["mask"])
    if "sha256" in (record["superpixels"] or {}):
        raise _refusal(WHY_NOT["superpixels"])


def _is_there(value: Any) -> bool:
    return any(each is not None for each in value) if isinstance(value, list) else bool(value)


def _refusal(why: str) -> ValueError:
    return ValueError(f"These labels are no recipe for other images: {why}.")


def _values(record: Mapping[str, Any]) -> dict[str, Any]:
    made = _of_stack(record) if "stack" in record else _of_image(record)
    same = {key: record[key] for key in ("superpixels", "precision")}
    finish = {"finish": record["finish"]} if record.get("finish") else {}
    channels = {"channels": record["channels"]} if record.get("channels") else {}
    return {**made, **same, **finish, **channels, **(record.get("objects") or {})}


def _of_stack(record: Mapping[str, Any]) -> dict[str, Any]:
    told = record["stack"]
    n = len(record["images"][0]["shape"]) - (record["channel_axis"] is not None)
    return {
        "method": record["method"],
        "carry": told["carry"],
        "axis": ",".join(str(axis % n) for axis in told["axis"]),
        "stack_iterations": told["iterations"],
        "planes_fitted": told["planes_fitted"],
    }


def _of_image(record: Mapping[str, Any]) -> dict[str, Any]:
    stop, cut = record["stop"], record.get("cut")
    whole = stop is not None and stop["kind"] in ENDED and record["shown"] == record["iterations"]
    method = dict(record["method"])
    if not whole:
        # Somebody chose this iteration: others get as many.
        method["iterations"] = max(1, record["shown"])
    return {
        "method": method,
        "segments": None if cut is None else int(cut["n_segments"]),
    }
