"""Buttons that do what a refusal recommends."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QGridLayout, QWidget

from napari_selfseg.widgets.estimates.remedies import Remedy
from napari_selfseg.widgets.parts.style import button

__all__ = ["RemedyBar"]

COLUMNS: Final = 2


class RemedyBar(QWidget):
    """A button a remedy; hidden while there are none."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.offer(())

    def offer(self, found: Sequence[Remedy]) -> None:
        """Offer other remedies, in the order of the buttons."""
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for number, each in enumerate(found):
            made = button(each.words, each.help)
            made.clicked.connect(partial(self._choose, each))
            self._layout.addWidget(made, *divmod(number, COLUMNS))
        self.setVisible(bool(found))

    def _choose(self, remedy: Remedy, _: bool = False) -> None:
        self.chosen.emit(remedy)
