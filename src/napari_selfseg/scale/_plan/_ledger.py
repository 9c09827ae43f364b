"""Which tiles are done: a marker each, written whole after the tile was; and who is at one."""

from __future__ import annotations

import json
import os
import socket
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from napari_selfseg.io import atomic_file, claimed

__all__ = ["Ledger"]


class _Marker(BaseModel):
    """What is known of a tile, where it is known; other passes may keep more."""

    sha256: str = ""
    classes: list[int] = []
    highest: int = 0
    pieces: int = 0


class Ledger:
    """Markers and a log in the work folder; any number of processes may write them."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    def prepare(self, name: str) -> None:
        """Make room for the markers of a pass."""
        (self._folder / "done" / name).mkdir(parents=True, exist_ok=True)

    def claim(self, name: str, number: int) -> AbstractContextManager[bool]:
        """Hold the claim on a tile, unless another process does; see `claimed`."""
        return claimed(self._marker(name, number).with_suffix(".claim"))

    def claim_all(self) -> AbstractContextManager[bool]:
        """Hold the claim on what is done for all tiles at once, unless another process does."""
        return claimed(self._folder / "all.claim")

    def mark(self, name: str, number: int, result: dict[str, Any]) -> dict[str, Any]:
        """Mark a tile as done; return what is to be known of it, with who did it."""
        full = {**result, "by": f"{socket.gethostname()}:{os.getpid()}"}
        with atomic_file(self._marker(name, number)) as part:
            part.write_text(json.dumps(full))
        return full

    def done(self, name: str) -> set[int]:
        """Return the tiles that are done."""
        folder = self._folder / "done" / name
        if not folder.is_dir():
            return set()
        return {int(each.stem) for each in folder.iterdir() if each.suffix == ".json"}

    def result(self, name: str, number: int) -> dict[str, Any] | None:
        """Return what is known of a tile; None when it is not done.

        A damaged marker raises ValueError.
        """
        marker = self._marker(name, number)
        try:
            found: dict[str, Any] = json.loads(marker.read_text())
            _Marker.model_validate(found)
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError):
            raise ValueError(
                f"The mark {marker} is damaged: delete it, and its tile is done again."
            ) from None
        return found

    def log(self, sentence: str) -> None:
        """Add a line to the log."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with (self._folder / "log.txt").open("a") as lines:
            lines.write(f"{now} {socket.gethostname()}:{os.getpid()} {sentence}\n")

    def _marker(self, name: str, number: int) -> Path:
        return self._folder / "done" / name / f"{number}.json"
