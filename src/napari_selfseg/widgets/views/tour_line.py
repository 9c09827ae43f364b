"""One quiet line that offers the tour."""

from __future__ import annotations

from typing import Final

from qtpy.QtWidgets import QToolButton, QWidget

from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.panels import beside, stacked

__all__ = ["HELP", "TourLine"]

OFFER: Final = "New here? A tour of one minute."
HELP: Final = "Sample, Run, slider, save: seven short steps, to be left at any one by Esc."
REFUSE: Final = "Do not offer the tour again; it stays under More."


class TourLine(QWidget):
    """An offer to take or to leave; hidden unless `show` is called."""

    def __init__(self) -> None:
        super().__init__()
        self.take, self.leave = QToolButton(), QToolButton()
        self.take.setText(OFFER)
        self.take.setToolTip(HELP)
        self.leave.setText("✕")
        self.leave.setToolTip(REFUSE)
        called(self.leave, "No tour")
        line = beside(self.take, self.leave)
        line.addStretch(2)
        stacked(self).addLayout(line)
        for each in (self.take, self.leave):
            each.setAutoRaise(True)
            each.clicked.connect(self.hide)
        self.hide()
