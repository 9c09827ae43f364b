"""A dock's memory: filled in again when the dock is opened, kept when it is closed."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtWidgets import QWidget

from napari_selfseg.widgets.model.kept import remembered
from napari_selfseg.widgets.parts.dialogs import folder_of, start_in
from napari_selfseg.widgets.parts.keeping import Kept, fill_in, filled_in

__all__ = ["Memory"]

FOLDER: Final = "last folder"


class Memory:
    """Remembers what is filled in on a view under the name of its dock; not without a name.

    `kept` are its controls, as for `filled_in`.
    """

    def __init__(self, dock: str, view: QWidget, kept: Kept) -> None:
        self._dock, self._view, self._kept = dock, view, kept
        self._file = remembered.Remembered(remembered.default_path())
        self._first: dict[str, Any] | None = None

    def recall(self) -> None:
        """Fill in what was kept; to be called once, when there is all that can be chosen."""
        self._first = filled_in(self._kept)
        if not self._dock:
            return
        state = self._file.read(self._dock)
        fill_in(self._kept, state)
        start_in(self._view, str(state.get(FOLDER, "")))

    def keep(self) -> None:
        """Keep what differs from what a new dock shows."""
        if self._first is None or not self._dock:
            return  # a dock that was closed before there was anything to choose has no say
        now = filled_in(self._kept)
        state = {name: value for name, value in now.items() if value != self._first[name]}
        if folder := folder_of(self._view):
            state[FOLDER] = folder
        if state != self._file.read(self._dock):
            self._file.keep(self._dock, state)

    def forget(self) -> None:
        """Put back what a new dock shows, and keep nothing."""
        if self._first is not None:
            fill_in(self._kept, self._first)
            start_in(self._view, "")
            self._file.keep(self._dock, {})
