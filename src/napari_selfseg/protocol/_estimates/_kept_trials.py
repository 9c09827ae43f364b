"""Trials made on this machine, kept in the user's cache."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Final

import torch
from pydantic import TypeAdapter, ValidationError

from napari_selfseg import record
from napari_selfseg.convolving import wanted_way
from napari_selfseg.machine.disk_cache import DiskCache, machine
from napari_selfseg.protocol._estimates._trial import Question, Trial, made
from napari_selfseg.protocol._given._device import (
    resolve_device,
    resolve_precision,
    resolve_threads,
)

__all__ = ["Trials"]

ADAPTER: Final = TypeAdapter(Trial)


class Trials:
    """Answers questions; what was tried once is known.

    A trial that other programs disturbed is not kept beyond the life of this, nor is one where no
    file can be written.

    Parameters
    ----------
    folder : Path, optional
        It need not exist; that of the user by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._kept = DiskCache(folder)
        self._known: dict[str, Trial] = {}

    def __call__(self, question: Question) -> Trial:
        """Return what a run took; the first time a question is asked that takes about a second.

        Raises
        ------
        ValueError
            When that cannot be run.
        Unwanted
            When it was broken off.
        """
        told = _told(question)
        name = json.dumps(told, sort_keys=True)
        found = self._known.get(name) or self._read(told)
        if found is None:
            found = made(question)
            if not found.disturbed:
                self._kept.keep(told, dataclasses.asdict(found))
        self._known[name] = found
        return found

    def _read(self, told: dict[str, Any]) -> Trial | None:
        try:
            return ADAPTER.validate_python(self._kept.read(told))
        except ValidationError:
            return None


def _told(question: Question) -> dict[str, Any]:
    """Return all that the time depends on."""
    device = resolve_device(question.device)
    precision = resolve_precision(question.precision, device)
    method, algorithm = question.method, question.algorithm
    return {
        **machine(),
        "device": _named(device),
        "weight gradients": wanted_way(),
        "software": record.software(),
        "threads": resolve_threads(question.threads),
        "precision": str(precision),
        "method": {k: v for k, v in method.as_dict().items() if k not in method.costless},
        "parts": len(method.parts()),
        "superpixels": algorithm.as_dict() if algorithm else str(question.superpixels),
        "channels": question.in_channels,
        "shapes": question.shapes,
        "given": [question.masked, question.scribbled],
    }


def _named(device: torch.device) -> str:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return str(device)
