"""Trials made on this machine, kept in the user's cache."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any, Final

import torch
from platformdirs import user_cache_dir
from pydantic import TypeAdapter, ValidationError

from napari_selfseg import record
from napari_selfseg.protocol._device import resolve_device, resolve_precision, resolve_threads
from napari_selfseg.protocol._trial import Question, Trial, made

__all__ = ["Trials", "default_folder"]

# What limits the instructions that convolutions use.
LIMITS: Final = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")
ADAPTER: Final = TypeAdapter(Trial)


def default_folder() -> Path:
    """Return where the trials of this user are kept.

    Returns
    -------
    Path
    """
    return Path(user_cache_dir("napari-selfseg", appauthor=False)) / "trials"


class Trials:
    """Answers questions; what was tried once is known.

    A question has a file of its own, written whole or not at all, so that several processes may
    share the folder. A file that cannot be read is as good as none, and where none can be written
    the answers are remembered as long as this lives. A trial that other programs disturbed is not
    kept beyond that.

    Parameters
    ----------
    folder : Path, optional
        It need not exist; that of the user by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or default_folder()
        self._known: dict[str, Trial] = {}

    def __call__(self, question: Question) -> Trial:
        """Return what a run took.

        Parameters
        ----------
        question : Question
            What is tried; the first time that takes about a second.

        Returns
        -------
        Trial

        Raises
        ------
        ValueError
            When that cannot be run.
        Unwanted
            When it was broken off.
        """
        told = json.dumps(_told(question), sort_keys=True)
        name = hashlib.sha256(told.encode()).hexdigest()[:32]
        found = self._known.get(name) or self._read(name)
        if found is None:
            found = made(question)
            self._write(name, told, found)
        self._known[name] = found
        return found

    def _read(self, name: str) -> Trial | None:
        try:
            return ADAPTER.validate_python(json.loads(self._file(name).read_bytes())["trial"])
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            return None

    def _write(self, name: str, told: str, found: Trial) -> None:
        if found.disturbed:
            return
        kept = {"question": json.loads(told), "trial": dataclasses.asdict(found)}
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            number, part = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".part")
            try:
                with os.fdopen(number, "w", encoding="utf-8") as file:
                    json.dump(kept, file)
                os.replace(part, self._file(name))
            except OSError:
                Path(part).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def _told(question: Question) -> dict[str, Any]:
    """Return all that the time depends on."""
    device = resolve_device(question.device)
    precision = resolve_precision(question.precision, device)
    method, algorithm = question.method, question.algorithm
    return {
        "machine": [platform.node(), platform.machine(), os.cpu_count(), _named(device)],
        "instructions": [
            torch.backends.cpu.get_cpu_capability(),
            *(os.environ.get(name, "") for name in LIMITS),
        ],
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
