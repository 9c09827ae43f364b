"""Presets of a method, saved by name and chosen again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QComboBox, QWidget

from napari_selfseg.widgets.model.kept.presets import Presets
from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.contrast import hinted
from napari_selfseg.widgets.parts.form import defaults
from napari_selfseg.widgets.parts.panels import beside, stacked
from napari_selfseg.widgets.parts.style import button, narrowed

if TYPE_CHECKING:
    from napari_selfseg.parameters import Parameters

__all__ = ["PresetBar"]

HELP: Final = "Parameters kept under a name: choose one, or type a new name and press Save."


class PresetBar(QWidget):
    """A combo box of names with Save and Delete; those that come with a method are first.

    `values` returns what is filled in.
    """

    chosen = Signal(dict)
    refused = Signal(str)

    def __init__(self, presets: Presets, values: Callable[[], dict[str, Any]]) -> None:
        super().__init__()
        self._presets = presets
        self._values = values
        self._kind: type[Parameters] | None = None
        self.names = QComboBox()
        self.names.setEditable(True)
        self.names.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        narrowed(self.names, letters=6)
        self.names.setToolTip(HELP)
        called(self.names, "Preset")
        self.save = button("Save", "Keep the parameters below under this name.")
        self.delete = button("Delete", "Forget the preset of this name.")
        stacked(self).addLayout(beside(self.names, self.save, self.delete, first=3))
        self.names.activated.connect(lambda _: self._try(self._load))
        self.save.clicked.connect(lambda: self._try(self._save))
        self.delete.clicked.connect(lambda: self._try(self._delete))
        if edit := self.names.lineEdit():
            hinted(edit, "Preset: choose, or type a name")

    def turn_to(self, kind: type[Parameters]) -> None:
        """Offer the presets of another method."""
        self._kind = kind
        self._try(self._offer)

    def _offer(self, kind: type[Parameters], name: str = "") -> None:
        self.names.clear()
        self.names.addItems(list(kind.presets))
        self.names.setCurrentIndex(-1)
        # The file may be damaged; what comes with the method is there all the same.
        saved = [each for each in self._presets.names(kind.name) if each not in kind.presets]
        self.names.addItems(saved)
        self.names.setCurrentIndex(-1)
        self.names.setEditText(name)

    def _load(self, kind: type[Parameters]) -> None:
        name = self.names.currentText()
        if name in kind.presets:
            self.chosen.emit(defaults(kind.declared()) | dict(kind.presets[name]))
        else:
            self.chosen.emit(_checked(kind, self._presets.load(kind.name, name)))

    def _save(self, kind: type[Parameters]) -> None:
        name = self._free(kind)
        self._presets.save(kind.name, name, self._values())
        self._offer(kind, name)

    def _delete(self, kind: type[Parameters]) -> None:
        self._presets.remove(kind.name, self._free(kind))
        self._offer(kind)

    def _free(self, kind: type[Parameters]) -> str:
        name = self.names.currentText().strip()
        if name in kind.presets:
            raise ValueError(f'"{name}" comes with {kind.title} and stays: type another name.')
        return name

    def _try(self, act: Callable[[type[Parameters]], None]) -> None:
        if self._kind is None:
            return
        try:
            act(self._kind)
        except ValueError as error:
            self.refused.emit(str(error))


def _checked(kind: type[Parameters], stored: dict[str, Any]) -> dict[str, Any]:
    """Return the values that this version knows, checked; a bad one is refused in a sentence."""
    known = {each.name for each in kind.declared()} & set(stored)
    made = kind(**{name: stored[name] for name in known})
    return {name: getattr(made, name) for name in known}
