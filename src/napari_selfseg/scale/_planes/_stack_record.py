"""Provenance of the labels of a stack."""

from __future__ import annotations

from typing import Any

from napari_selfseg import record
from napari_selfseg.protocol import (
    Stop,
    resolve_device,
    resolve_precision,
    resolve_threads,
)
from napari_selfseg.scale._planes._request import StackRequest
from napari_selfseg.scale._planes._slices import Planes

__all__ = ["stack_record"]


def stack_record(
    request: StackRequest, told: dict[str, Any], iterations: int, stop: Stop | None
) -> dict[str, Any]:
    """Say what was done with a stack; masks and labels given are named by their fingerprint.

    `told` is how planes were carried over, and what became of each.
    """
    kept = dict(told)
    name, channel_axis, spacing = (kept.pop(each) for each in ("name", "channel_axis", "spacing"))
    made = {
        "software": record.software(),
        "method": request.method.as_dict(),
        "superpixels": _superpixels(request),
        "images": [record.fingerprint(request.image, name)],
        "several": False,
        "channel_axis": channel_axis,
        "mask": None if request.masks is None else record.fingerprint(request.masks.stack, ""),
        "spacing": spacing,
        **_how(request.how),
        "iterations": iterations,
        "stack": kept,
        "stop": None if stop is None else {"kind": stop.kind, "sentence": stop.sentence},
    }
    return record.with_finish(made, None if request.finish is None else request.finish.as_dict())


def _superpixels(request: StackRequest) -> dict[str, Any] | None:
    if isinstance(request.superpixels, Planes):
        return record.fingerprint(request.superpixels.stack, "")
    algorithm = request.superpixels or request.method.default_superpixels()
    return None if algorithm is None else algorithm.as_dict()


def _how(how: dict[str, Any]) -> dict[str, Any]:
    """Say what was meant by auto."""
    device = resolve_device(how["device"])
    precision = str(resolve_precision(how["precision"], device)).removeprefix("torch.")
    threads = resolve_threads(how["threads"])
    return {"device": str(device), "precision": precision, "threads": threads}
