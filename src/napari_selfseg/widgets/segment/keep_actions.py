"""Labels of the last run, whatever it was of: saved, or copied as Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qtpy.QtWidgets import QApplication

from napari_selfseg.widgets.canvas.kept import Kept
from napari_selfseg.widgets.parts.dialogs import ask_save
from napari_selfseg.widgets.views.view import SegmentView
from napari_selfseg.widgets.work.task import Begin

__all__ = ["KeepActions"]

COPIED: Final = "The script is on the clipboard."
COPIED_UNEDITED: Final = (
    "The script is on the clipboard. It makes the labels as they were before you changed them "
    "without the tools of this window."
)


class KeepActions:
    """The buttons that keep labels.

    Parameters
    ----------
    view : SegmentView
        With the buttons.
    begin : callable
        Called with work for a worker thread, what to do with its answer, and its name.
    kept : callable
        Returns the labels; None where there are none.
    """

    def __init__(self, view: SegmentView, begin: Begin, kept: Callable[[], Kept | None]) -> None:
        self._view, self._begin, self._kept = view, begin, kept
        view.result.save_labels.clicked.connect(self._save)
        view.result.copy.clicked.connect(self._copy)

    def _save(self) -> None:
        if (kept := self._kept()) is None:
            return
        path = ask_save(self._view, "Save labels", kept.name + kept.ending, kept.kinds)
        if path:
            self._begin(kept.saving(path), lambda _: self._saved(path), "Saving the labels")

    def _saved(self, path: str) -> None:
        self._view.controls.say(f"Saved: {path}")

    def _copy(self) -> None:
        if (kept := self._kept()) is None:
            return
        words = COPIED_UNEDITED if kept.edited else COPIED

        def put(text: str) -> None:
            if clipboard := QApplication.clipboard():
                clipboard.setText(text)
            self._view.controls.say(words)

        self._begin(kept.scripting(), put, "Writing the script")
