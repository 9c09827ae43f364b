"""The Result page of the Segment dock: what can be done with labels and with what was learned."""

from __future__ import annotations

from typing import Final

from qtpy.QtWidgets import QSpinBox, QVBoxLayout, QWidget

from napari_selfseg.widgets.choosers import Chooser
from napari_selfseg.widgets.look import button, sentence, title
from napari_selfseg.widgets.panels import beside, rows, stacked

__all__ = ["ResultView"]

KINDS: Final = (("Classes", "classes"), ("Connected pieces", "objects"))
KIND_HELP: Final = "One label a class, or every connected piece a label of its own."
SEGMENTS_HELP: Final = "Segments are shown: each is one connected piece with a label of its own."
NOTHING: Final = "After a run its labels can be changed, measured and saved here."
NO_FIT: Final = "Nothing learned yet: run once, or load a fit."


class ResultView(QWidget):
    """What is chosen after a run."""

    def __init__(self) -> None:
        super().__init__()
        self.empty = sentence(NOTHING)
        self.kind = Chooser(KIND_HELP)
        self.smallest = QSpinBox()
        self.measure = button("Measure", "A table: area, position and intensities of every label.")
        self.save_table = button("Save table...", "Write the table as CSV.")
        self.save_labels = button(
            "Save labels...", "Write an OME-TIFF with pixel size and the record of the run."
        )
        self.copy = button(
            "Copy as Python", "A script that makes these labels again, on the clipboard."
        )
        self.fit = sentence(NO_FIT)
        self.save_fit = button("Save fit...", "Keep what was learned, to use it on other images.")
        self.load_fit = button("Load fit...", "Read what was learned elsewhere.")
        self.target = Chooser("The image to label.", nothing="No image is open")
        self.apply = button("Apply", "Label the image with the same classes, without training.")
        self.smooth = button(
            "Smoothed image",
            "Add the image as the fit smooths it, for superpixels that follow its objects.",
        )
        self._kept = QWidget()
        self._changes = rows([("Labels are", self.kind), ("Smallest piece", self.smallest)])
        self._lay_out(stacked(self))
        self._prepare()

    def show_labels(self, there: bool, measured: bool = False) -> None:
        """Show whether there are labels to work on.

        Parameters
        ----------
        there : bool
            Whether.
        measured : bool
            Whether there is a table of them.
        """
        self.empty.setVisible(not there)
        self._kept.setEnabled(there)
        for each in (self._changes, self.measure, self.copy):
            each.setEnabled(True)
        self.save_table.setEnabled(measured)

    def show_large(self, copied: bool) -> None:
        """Show that there are labels of a stack or of tiles: they can be kept, but no more.

        Parameters
        ----------
        copied : bool
            Whether a script makes them again.
        """
        self.show_labels(True)
        for each in (self._changes, self.measure):
            each.setEnabled(False)
        self.copy.setEnabled(copied)

    def show_segments(self, segments: bool) -> None:
        """Show whether segments are shown, which are connected pieces already.

        Parameters
        ----------
        segments : bool
            Whether.
        """
        if segments != self.kind.isEnabled():
            return
        self.kind.blockSignals(True)
        # What is chosen for classes is kept under another name.
        self.kind.offer([("Segments", self.kind.thing)] if segments else KINDS)
        self.kind.blockSignals(False)
        self.kind.setEnabled(not segments)
        self.kind.setToolTip(SEGMENTS_HELP if segments else KIND_HELP)

    def show_fit(self, words: str, smooths: bool = False) -> None:
        """Show what was learned.

        Parameters
        ----------
        words : str
            Empty when there is nothing.
        smooths : bool
            Whether it also smooths images.
        """
        self.smooth.setVisible(smooths)
        self.fit.setText(words or NO_FIT)
        self.save_fit.setEnabled(bool(words))
        self.apply.setEnabled(bool(words))

    def _prepare(self) -> None:
        self.kind.offer(KINDS)
        self.smallest.setRange(0, 1_000_000)
        self.smallest.setSuffix(" px")
        self.smallest.setSpecialValueText("any size")
        self.smallest.setToolTip("Smaller pieces take the label of the neighbour around them.")
        # A value is used when it is whole, not at every digit.
        self.smallest.setKeyboardTracking(False)
        self.show_labels(False)
        self.show_fit("")

    def _lay_out(self, layout: QVBoxLayout) -> None:
        layout.setContentsMargins(0, 0, 6, 0)
        layout.addWidget(self.empty)
        layout.addWidget(self._kept)
        kept = stacked(self._kept)
        kept.addWidget(title("Labels"))
        kept.addWidget(self._changes)
        kept.addWidget(title("Measure"))
        kept.addLayout(beside(self.measure, self.save_table))
        kept.addWidget(title("Keep"))
        kept.addLayout(beside(self.save_labels, self.copy))
        layout.addWidget(title("What was learned"))
        layout.addWidget(self.fit)
        layout.addLayout(beside(self.save_fit, self.load_fit))
        layout.addWidget(rows([("Apply to", self.target)]))
        layout.addLayout(beside(self.apply, self.smooth))
        layout.addStretch(1)
