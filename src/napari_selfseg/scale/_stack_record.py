"""Provenance of the labels of a stack."""

from __future__ import annotations

from typing import Any

from napari_selfseg import record
from napari_selfseg.protocol import Stop
from napari_selfseg.scale._request import StackRequest
from napari_selfseg.scale._slices import Planes

__all__ = ["stack_record"]


def stack_record(
    request: StackRequest, told: dict[str, Any], iterations: int, stop: Stop | None
) -> dict[str, Any]:
    """Say what was done with a stack; masks and labels given are named by their fingerprint.

    Parameters
    ----------
    request : StackRequest
        What was asked.
    told : dict
        How planes were carried over, and what became of each.
    iterations : int
        Updates made on all planes.
    stop : Stop or None
        Why it ended.

    Returns
    -------
    dict
    """
    kept = dict(told)
    name, channel_axis, spacing = (kept.pop(each) for each in ("name", "channel_axis", "spacing"))
    return {
        "software": record.software(),
        "method": request.method.as_dict(),
        "superpixels": _superpixels(request),
        "images": [record.fingerprint(request.image, name)],
        "several": False,
        "channel_axis": channel_axis,
        "mask": None if request.masks is None else record.fingerprint(request.masks.stack, ""),
        "spacing": spacing,
        **{key: str(value) for key, value in request.how.items() if key == "device"},
        **{key: request.how[key] for key in ("threads", "precision")},
        "iterations": iterations,
        "stack": kept,
        "stop": None if stop is None else {"kind": stop.kind, "sentence": stop.sentence},
    }


def _superpixels(request: StackRequest) -> dict[str, Any] | None:
    if isinstance(request.superpixels, Planes):
        return record.fingerprint(request.superpixels.stack, "")
    algorithm = request.superpixels or request.method.default_superpixels()
    return None if algorithm is None else algorithm.as_dict()
