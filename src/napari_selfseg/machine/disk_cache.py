"""What was measured on this machine, kept in the user's cache."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from platformdirs import user_cache_dir

__all__ = ["DiskCache", "default_folder", "machine"]

# What limits the instructions that convolutions and products use.
LIMITS: Final = (
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "ATEN_CPU_CAPABILITY",
    "MKL_ENABLE_INSTRUCTIONS",
)


def default_folder() -> Path:
    """Return where the measurements of this user are kept."""
    return Path(user_cache_dir("napari-selfseg", appauthor=False)) / "trials"


def machine() -> dict[str, Any]:
    """Describe the machine, as plain JSON, and what its processor may be asked to do."""
    return {
        "machine": [platform.node(), platform.machine(), os.cpu_count()],
        "instructions": [
            torch.backends.cpu.get_cpu_capability(),
            *(os.environ.get(name, "") for name in LIMITS),
        ],
    }


class DiskCache:
    """Answers to questions, such as "how fast is this here?", a file each.

    A file is written whole or not at all, so that several processes may share the folder. One that
    cannot be read is as good as none; where none can be written nothing is kept.

    Parameters
    ----------
    folder : Path, optional
        It need not exist; that of the user by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or default_folder()

    def read(self, question: Mapping[str, Any]) -> Any:
        """Return what was answered; None where nothing is known.

        A question is plain JSON: all that the answer depends on.
        """
        try:
            return json.loads(self._file(question).read_bytes())["answer"]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, question: Mapping[str, Any], answer: Any) -> None:
        """Keep an answer, plain JSON, in place of any other."""
        kept = {"question": dict(question), "answer": answer}
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            number, part = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".part")
            try:
                with os.fdopen(number, "w", encoding="utf-8") as file:
                    json.dump(kept, file)
                os.replace(part, self._file(question))
            except OSError:
                Path(part).unlink(missing_ok=True)

    def _file(self, question: Mapping[str, Any]) -> Path:
        told = json.dumps(question, sort_keys=True)
        return self._folder / f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.json"
