"""Labels of the last run, whatever it was of: saved, or copied as Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from qtpy.QtWidgets import QApplication

from napari_selfseg.widgets.canvas.kept import Kept
from napari_selfseg.widgets.parts.dialogs import ask_name, ask_replace, ask_save
from napari_selfseg.widgets.views.view import SegmentView
from napari_selfseg.widgets.work.task import Begin

__all__ = ["KeepActions"]

NO_ZARR: Final = "The image was opened from no OME-Zarr: Save labels... writes a file of their own."
NAME_HELP: Final = "Name of the labels in the image"
NAME: Final = "segmentation"
THERE: Final = "The image has labels named {name}. Replace them?"
SAVING: Final = "Saving the labels"
COPIED: Final = "The script is on the clipboard."
COPIED_UNEDITED: Final = (
    "The script is on the clipboard. It makes the labels as they were before you changed them "
    "without the tools of this window."
)


class KeepActions:
    """The buttons that keep labels.

    Parameters
    ----------
    kept : callable
        Returns the labels; None where there are none.
    """

    def __init__(self, view: SegmentView, begin: Begin, kept: Callable[[], Kept | None]) -> None:
        self._view, self._begin, self._kept = view, begin, kept
        view.result.save_labels.clicked.connect(self._save)
        view.result.save_into.clicked.connect(self._save_into)
        view.result.copy.clicked.connect(self._copy)

    def _save(self) -> None:
        if (kept := self._kept()) is None:
            return
        name = kept.name + kept.ending
        path = ask_save(self._view, "Save labels", name, kept.kinds, kept.image)
        if path:
            self._write(partial(kept.saving, path), path)

    def _save_into(self) -> None:
        """Write the labels into the OME-Zarr image that they are of."""
        if (kept := self._kept()) is None:
            return
        if not kept.in_zarr:
            self._view.controls.say(NO_ZARR)
            return
        name = ask_name(self._view, "Save into image", NAME_HELP, NAME)
        there = bool(name) and (Path(kept.image) / "labels" / name).exists()
        if not name or (there and not ask_replace(self._view, THERE.format(name=name))):
            return
        self._begin(
            partial(_room, kept.image, name, there),
            lambda path: self._write(partial(kept.saving_in, path), path),
            SAVING,
        )

    def _write(self, saving: Callable[[], Callable[[], None]], path: str) -> None:
        try:
            work = saving()
        except ValueError as error:
            self._view.controls.say(str(error))
            return
        self._begin(work, lambda _: self._saved(path), SAVING)

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


def _room(image: str, name: str, replaced: bool) -> str:
    from napari_selfseg.io import labels_in

    return str(labels_in(image, name, overwrite=replaced))
