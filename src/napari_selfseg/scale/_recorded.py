"""The recipe in the record of labels: what can be done to other images as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["recorded"]

# Stops whose labels are those of the closing step, however many iterations a run might have had.
ENDED: Final = ("finished", "min_labels")
WHY_NOT: Final = {
    "edited": "they were edited by hand",
    "several": "they are of a model of several images: save it and apply the model",
    "scribbles": "they follow scribbles, which were drawn for one image",
    "mask": "a mask said where that one image has no data",
    "start": "they began from what was learned before: save that and apply the model",
}


def recorded(record: Mapping[str, Any]) -> dict[str, Any]:
    """Read how labels were made.

    Parameters
    ----------
    record : mapping
        From a labels file or a layer.

    Returns
    -------
    dict
        As from `Recipe.as_dict`.

    Raises
    ------
    ValueError
        When it holds what belongs to one image alone; the message says what.
    """
    try:
        _check(record)
        # Labels of a batch say it themselves.
        return dict(record["recipe"]) if "recipe" in record else _values(record)
    except (KeyError, TypeError) as error:
        raise ValueError(f"The record is damaged or not complete: {error}.") from error


def _check(record: Mapping[str, Any]) -> None:
    if record.get("edited"):
        raise _refusal(WHY_NOT["edited"])
    if "recipe" in record:
        return
    if "applied" in record:
        raise _refusal("they are of a model: choose the file of the model instead")
    if record["method"] is None:
        raise _refusal("they are superpixels, made without a method")
    for key in ("several", "scribbles", "mask", "start"):
        if _is_there(record[key]):
            raise _refusal(WHY_NOT[key])
    if isinstance(record["superpixels"], list):
        raise _refusal("their superpixels came from a layer or a file, and are of one image")


def _is_there(value: Any) -> bool:
    return any(each is not None for each in value) if isinstance(value, list) else bool(value)


def _refusal(why: str) -> ValueError:
    return ValueError(f"These labels are no recipe for other images: {why}.")


def _values(record: Mapping[str, Any]) -> dict[str, Any]:
    stop, cut = record["stop"], record.get("cut")
    whole = stop is not None and stop["kind"] in ENDED and record["shown"] == record["iterations"]
    method = dict(record["method"])
    if not whole:
        # Somebody chose this iteration: others get as many.
        method["iterations"] = max(1, record["shown"])
    return {
        "method": method,
        "superpixels": record["superpixels"],
        "precision": record["precision"],
        "segments": None if cut is None else int(cut["n_segments"]),
        **(record.get("objects") or {}),
    }
