"""Asking for the name of a file, or of labels in one."""

from __future__ import annotations

import os
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

__all__ = [
    "ask_files",
    "ask_folder",
    "ask_name",
    "ask_open",
    "ask_replace",
    "ask_save",
    "folder_of",
    "image_files",
    "label_files",
    "label_kinds",
    "label_suffix",
    "start_in",
]

# Property of a view: the folder in which its next dialog starts.
FOLDER = "last folder"
# And the image of which something was saved last.
SAVED = "last saved image"


def start_in(view: QWidget, folder: str) -> None:
    """Let all dialogs below a view start in a folder.

    Without one, or with one that is gone, they start where Qt starts.
    """
    view.setProperty(FOLDER, folder)


def folder_of(widget: QWidget) -> str:
    """Return where the next dialog of a view starts; empty for wherever Qt starts."""
    folder = _view_of(widget).property(FOLDER) or ""
    return folder if folder and Path(folder).is_dir() else ""


def _view_of(widget: QWidget) -> QWidget:
    """Return the view that a widget belongs to; itself where it belongs to none."""
    above: QWidget | None = widget
    while above is not None:
        if above.property(FOLDER) is not None:
            return above
        above = above.parentWidget()
    return widget


def _chosen(parent: QWidget, path: str, *, folder: bool = False) -> str:
    """Remember the folder of what was chosen."""
    if path:
        start_in(_view_of(parent), path if folder else str(Path(path).parent))
    return path


def ask_folder(parent: QWidget, title: str) -> str:
    """Ask for a folder; empty when it was cancelled."""
    found = QFileDialog.getExistingDirectory(parent, title, folder_of(parent))
    return _chosen(parent, found, folder=True)


def ask_files(parent: QWidget, title: str, kind: str) -> list[str]:
    """Ask for files of a kind; empty when it was cancelled."""
    found = QFileDialog.getOpenFileNames(parent, title, folder_of(parent), kind)[0]
    _chosen(parent, found[0] if found else "")
    return found


def ask_save(parent: QWidget, title: str, suggested: str, kind: str, image: str = "") -> str:
    """Ask where to write; empty when it was cancelled.

    `kind` says which files are shown, such as ``"CSV (*.csv)"``; its ending is added where it is
    missing. It begins in the folder of `image`, unless something of that image was saved elsewhere
    last.
    """
    dialog = QFileDialog(parent, title, _beside(parent, image), kind)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    # Before it asks whether to replace a file: the one with the ending.
    dialog.setDefaultSuffix(Path(suggested).suffix)
    dialog.selectFile(suggested.replace("/", "-").replace(":", "-"))
    path = _chosen(parent, dialog.selectedFiles()[0] if dialog.exec() else "")
    if path:
        _view_of(parent).setProperty(SAVED, image)
    return path


def _beside(parent: QWidget, image: str) -> str:
    """Return where what is made of an image is looked for first."""
    # Nothing is put beside the levels of an OME-Zarr.
    outside = (each for each in Path(image).parents if ".zarr" not in str(each).lower())
    folder = next(outside, Path())
    there = bool(image) and folder.is_dir() and os.access(folder, os.W_OK)
    again = _view_of(parent).property(SAVED) == image
    return str(folder) if there and not again else folder_of(parent)


def ask_open(parent: QWidget, title: str, kind: str) -> str:
    """Ask for a file of a kind to read; empty when it was cancelled."""
    return _chosen(parent, QFileDialog.getOpenFileName(parent, title, folder_of(parent), kind)[0])


def ask_name(parent: QWidget, title: str, words: str, suggested: str) -> str:
    """Ask for a name; empty when it was cancelled."""
    name, given = QInputDialog.getText(parent, title, words, text=suggested)
    return name.strip() if given else ""


def ask_replace(parent: QWidget, words: str) -> bool:
    """Ask whether something that is there may be replaced; not without a yes."""
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    return bool(QMessageBox.question(parent, "Replace?", words, yes | no, no) == yes)


# Formats are read, and imported, when a dialog is wanted.


def image_files() -> str:
    """Return which files are images, for a dialog: such as ``"Images (*.tif *.png)"``.

    Folders such as OME-Zarr cannot be chosen in it.
    """
    from napari_selfseg.io.formats import filter_of, readable

    return filter_of("Images", [each for each in readable() if not each.folder])


def label_files() -> str:
    """Return which files labels are written to, all formats together, for a dialog."""
    from napari_selfseg.io.formats import filter_of, label_formats

    found = label_formats()
    names = [each.name for each in found]
    return filter_of(f"{', '.join(names[:-1])} and {names[-1]}", found)


def label_kinds(*, by_blocks: bool) -> str:
    """Return the formats of labels one by one, for a dialog.

    `by_blocks` puts those first that are written piece by piece.
    """
    from napari_selfseg.io.formats import label_formats

    found = sorted(label_formats(), key=lambda each: each.by_blocks != by_blocks)
    return ";;".join(each.words for each in found)


def label_suffix(*, by_blocks: bool) -> str:
    """Return the ending of labels that nobody has named, such as ``".ome.zarr"``."""
    from napari_selfseg.io.formats import label_formats

    return next(each.suggested for each in label_formats() if each.by_blocks == by_blocks)
