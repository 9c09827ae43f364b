"""Asking for the name of a file."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget

__all__ = ["ask_open", "ask_save"]


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
