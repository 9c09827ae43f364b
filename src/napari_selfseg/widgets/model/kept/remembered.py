"""What each dock remembers from one time to the next, in a file of the user's."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from platformdirs import user_config_dir

from napari_selfseg.widgets.model.kept.presets import write_atomically

__all__ = ["Remembered", "default_path"]

logger: Final = logging.getLogger(__name__)


def default_path() -> Path:
    """Return where what this user chose is kept."""
    return Path(user_config_dir("napari-selfseg", appauthor=False)) / "docks.json"


class Remembered:
    """What is kept for each dock in a JSON file.

    A file that cannot be read or written is treated like one that does not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, dock: str) -> dict[str, Any]:
        """Return what is kept for a dock; empty for nothing."""
        found = self._all().get(dock)
        return dict(found) if isinstance(found, dict) else {}

    def keep(self, dock: str, state: Mapping[str, Any]) -> None:
        """Keep a state, plain JSON, of a dock in place of what there was; an empty one forgets it.

        What other docks keep stays.
        """
        kept = {name: each for name, each in self._all().items() if name != dock}
        if state:
            kept[dock] = dict(state)
        try:
            write_atomically(self._path, json.dumps(kept, indent=2, ensure_ascii=False))
        except (OSError, ValueError, TypeError) as error:
            logger.warning("What was chosen is not remembered: %s", error)

    def _all(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError, RecursionError):
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return found if isinstance(found, dict) else {}
        return {}
