"""Presets of a method, saved by name and chosen again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QComboBox, QSizePolicy, QWidget

from napari_selfseg.widgets.look import button
from napari_selfseg.widgets.panels import beside, stacked
from napari_selfseg.widgets.presets import Presets

__all__ = ["PresetBar"]

HELP: Final = "Parameters kept under a name: choose one, or type a new name and press Save."


class PresetBar(QWidget):
    """A combo box of names with Save and Delete.

    Parameters
    ----------
    presets : Presets
        Where they are kept.
    values : callable
        Returns what is filled in.
    """

    chosen = Signal(dict)
    refused = Signal(str)

    def __init__(self, presets: Presets, values: Callable[[], dict[str, Any]]) -> None:
        super().__init__()
        self._presets = presets
        self._values = values
        self._kind = ""
        self.names = QComboBox()
        self.names.setEditable(True)
        self.names.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.names.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.names.setMinimumContentsLength(6)
        self.names.setToolTip(HELP)
        self.save = button("Save", "Keep the parameters below under this name.")
        self.delete = button("Delete", "Forget the preset of this name.")
        stacked(self).addLayout(beside(self.names, self.save, self.delete, first=3))
        self.names.activated.connect(lambda _: self._try(self._load))
        self.save.clicked.connect(lambda: self._try(self._save))
        self.delete.clicked.connect(lambda: self._try(self._delete))
        if edit := self.names.lineEdit():
            edit.setPlaceholderText("Preset: choose, or type a name")

    def turn_to(self, kind: str) -> None:
        """Offer the presets of another method.

        Parameters
        ----------
        kind : str
            Name of the method.
        """
        self._kind = kind
        self._try(self._offer)

    def _offer(self, name: str = "") -> None:
        self.names.clear()
        self.names.addItems(self._presets.names(self._kind))
        self.names.setCurrentIndex(-1)
        self.names.setEditText(name)

    def _load(self) -> None:
        self.chosen.emit(self._presets.load(self._kind, self.names.currentText()))

    def _save(self) -> None:
        name = self.names.currentText().strip()
        self._presets.save(self._kind, name, self._values())
        self._offer(name)

    def _delete(self) -> None:
        self._presets.remove(self._kind, self.names.currentText().strip())
        self._offer()

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except ValueError as error:
            self.refused.emit(str(error))
