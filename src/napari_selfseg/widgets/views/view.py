"""What the Segment dock looks like; it knows neither layers nor runs."""

from __future__ import annotations

from qtpy.QtWidgets import QTabWidget, QWidget

from napari_selfseg.widgets.model.kept.presets import Presets
from napari_selfseg.widgets.parts.style import dock_layout, scrolled
from napari_selfseg.widgets.views.controls import Controls
from napari_selfseg.widgets.views.result_view import ResultView
from napari_selfseg.widgets.views.review_view import ReviewView
from napari_selfseg.widgets.views.setup import SetupView

__all__ = ["RESULT", "REVIEW", "SETUP", "SegmentView"]

SETUP, RESULT, REVIEW = range(3)  # pages


class SegmentView(QWidget):
    """Pages for before a run and after it, and the controls of the run below them."""

    def __init__(self, presets: Presets) -> None:
        super().__init__()
        self.setup = SetupView(presets)
        self.result = ResultView()
        self.review = ReviewView()
        self.controls = Controls()
        self.afresh = self.setup.afresh
        self.kept = {
            **self.setup.kept,
            "lines only": self.controls.outlined,
            "more of the result": self.result.more.button,
        }
        self.pages = QTabWidget()
        self.pages.addTab(scrolled(self.setup), "Set up")
        self.pages.addTab(scrolled(self.result), "Result")
        self.pages.addTab(scrolled(self.review), "Review")
        layout = dock_layout(self, self.pages)
        layout.addWidget(self.controls)
