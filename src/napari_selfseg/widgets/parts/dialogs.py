"""Asking for the name of a file."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget

__all__ = [
    "ask_open",
    "ask_save",
    "image_files",
    "label_files",
    "label_kinds",
    "label_suffix",
]


def ask_save(parent: QWidget, title: str, suggested: str, kind: str) -> str:
    """Ask where to write.

    Parameters
    ----------
    parent : QWidget
        Below the dialog.
    title : str
        Of the dialog.
    suggested : str
        Name suggested, with its ending.
    kind : str
        Which files are shown, such as ``"CSV (*.csv)"``.

    Returns
    -------
    str
        Empty when it was cancelled. The ending is added where it is missing.
    """
    dialog = QFileDialog(parent, title, suggested, kind)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    # Before it asks whether to replace a file: the one with the ending.
    dialog.setDefaultSuffix(Path(suggested).suffix)
    dialog.selectFile(suggested.replace("/", "-").replace(":", "-"))
    return dialog.selectedFiles()[0] if dialog.exec() else ""


def ask_open(parent: QWidget, title: str, kind: str) -> str:
    """Ask what to read.

    Parameters
    ----------
    parent : QWidget
        Below the dialog.
    title : str
        Of the dialog.
    kind : str
        Which files are shown.

    Returns
    -------
    str
        Empty when it was cancelled.
    """
    return QFileDialog.getOpenFileName(parent, title, "", kind)[0]


# Formats are read, and imported, when a dialog is wanted.


def image_files() -> str:
    """Return which files are images, for a dialog; folders such as OME-Zarr cannot be chosen in it.

    Returns
    -------
    str
        Such as ``"Images (*.tif *.png)"``.
    """
    from napari_selfseg.io.formats import filter_of, readable

    return filter_of("Images", [each for each in readable() if not each.folder])


def label_files() -> str:
    """Return which files labels are written to, for a dialog.

    Returns
    -------
    str
        All formats together.
    """
    from napari_selfseg.io.formats import filter_of, label_formats

    found = label_formats()
    names = [each.name for each in found]
    return filter_of(f"{', '.join(names[:-1])} and {names[-1]}", found)


def label_kinds(*, by_blocks: bool) -> str:
    """Return the formats of labels one by one, for a dialog.

    Parameters
    ----------
    by_blocks : bool
        Whether those that are written piece by piece come first.
    """
    from napari_selfseg.io.formats import label_formats

    found = sorted(label_formats(), key=lambda each: each.by_blocks != by_blocks)
    return ";;".join(each.words for each in found)


def label_suffix(*, by_blocks: bool) -> str:
    """Return the ending of labels that nobody has named.

    Parameters
    ----------
    by_blocks : bool
        Whether they are written piece by piece.

    Returns
    -------
    str
        Such as ``".ome.zarr"``.
    """
    from napari_selfseg.io.formats import label_formats

    return next(each.suggested for each in label_formats() if each.by_blocks == by_blocks)
