"""The Result page of the Segment dock: what can be done with labels and with what was learned."""

from __future__ import annotations

from typing import Final

from qtpy.QtWidgets import QSpinBox, QWidget
from superqt.utils import signals_blocked

from napari_selfseg.outlines import IMAGE, SUPERPIXELS
from napari_selfseg.widgets.parts.choosers import Chooser, LayerChooser
from napari_selfseg.widgets.parts.panels import Fold, beside, filled, rows
from napari_selfseg.widgets.parts.style import allow, button, sentence
from napari_selfseg.widgets.views.limits_view import LimitsView
from napari_selfseg.widgets.views.looks.legend_view import LegendView

__all__ = ["NOTHING", "OTHER", "ResultView"]

FINISHED: Final = ("Objects", "finished")
KINDS: Final = (("Classes", "classes"), ("Connected pieces", "objects"), FINISHED)
KIND_HELP: Final = (
    "One label a class, or every connected piece a label of its own; or objects on a background, "
    "touching ones told apart: the image itself says which labels are background."
)
NO_PIECES: Final = "Objects have limits of size below."
OBJECTS_HELP: Final = "Each object has a label of its own, and the background none."
OUTLINES: Final = (("Superpixels", SUPERPIXELS), ("Image", IMAGE))
OUTLINES_HELP: Final = (
    "Outlines: what the borders of labels follow, superpixels (small pieces) or the image pixel "
    "by pixel, a moment after the slider came to rest. The next run does the same, and so does "
    "Apply."
)
NOTHING: Final = "After a run its labels can be changed, measured and saved here."
OTHER: Final = "The last run was on {name}: choose that image to work on with its labels."
UNMEASURED: Final = "There is no table yet: press Measure."
LARGE: Final = "Labels of stacks and tiles stay as the run made them: choose this before the run."
NO_FIT: Final = "Nothing learned yet: run once, or load a model."


class ResultView(QWidget):
    """What is chosen after a run."""

    def __init__(self) -> None:
        super().__init__()
        self.empty = sentence(NOTHING)
        self.legend = LegendView()
        self.kind = Chooser(KIND_HELP)
        self.smallest = QSpinBox()
        self.outlines = Chooser(OUTLINES_HELP)
        self.limits = LimitsView()
        self.measure = button("Measure", "A table: area, position and intensities of every label.")
        self.save_table = button("Save table...", "Write the table as CSV.")
        self.save_labels = button(
            "Save labels...", "Write an OME-TIFF with pixel size and the record of the run."
        )
        self.save_into = button(
            "Save into image...",
            "Write the labels into the OME-Zarr image itself, where other programs look for them.",
        )
        self.copy = button(
            "Copy as Python", "A script that makes these labels again, on the clipboard."
        )
        self.fit = sentence(NO_FIT)
        self.save_fit = button(
            "Save model...", "Keep what was learned (the fit), to use it on other images."
        )
        self.load_fit = button("Load model...", "Read what was learned elsewhere (a fit).")
        self.target = LayerChooser("The image to label.", nothing="No image is open")
        self.apply = button("Apply", "Label the image with the same classes, without training.")
        self.smooth = button(
            "Smoothed image",
            "Add the image as the fit smooths it, for superpixels that follow its objects.",
        )
        self._only, self._reason, self._learned, self._objects = "", "", False, False
        changes = [("Labels are", self.kind), ("Smallest piece", self.smallest)]
        self._changes = rows([*changes, ("Borders follow", self.outlines)])
        self._limited = filled(QWidget(), "Sizes of objects", self.limits)
        self.more = Fold("More", self._rest())
        self._lay_out()
        self._prepare()

    @property
    def there(self) -> bool:
        """Whether there are labels to work on."""
        return self.empty.isHidden()

    def show_labels(self, reason: str, measured: bool = False) -> None:
        """Show why there are no labels to work on; empty where there are.

        `measured` says whether there is a table of them.
        """
        self.empty.setText(reason)
        self.empty.setVisible(bool(reason))
        for each in (self.measure, self.copy, self.save_labels, self.save_into):
            allow(each, reason)
        allow(self.smallest, reason or (NO_PIECES if self._objects else ""))
        allow(self.save_table, reason or ("" if measured else UNMEASURED))
        self._allow_kind(reason)

    def show_large(self, copying: str, measured: bool = False) -> None:
        """Show that labels are of a stack or of tiles: they can be measured and kept.

        `copying` is why no script makes them again, empty where one does; `measured` whether there
        is a table of them.
        """
        self.show_labels("", measured)
        allow(self.smallest, LARGE)
        self._allow_kind(LARGE)
        allow(self.copy, copying)

    def show_only(self, name: str) -> None:
        """Show that labels are segments, or objects, which are connected pieces already.

        `name` is what they are called; empty for classes.
        """
        if name == self._only:
            return
        self._only = name
        # What is chosen for classes is kept under another name.
        kept = self.kind.thing if self.kind.thing != FINISHED[1] else "classes"
        own = [(name, kept)] if name == FINISHED[0] else [(name, kept), FINISHED]
        with signals_blocked(self.kind):
            self.kind.offer(own if name else KINDS)
        self._allow_kind(self._reason)

    def show_objects(self, there: bool) -> None:
        """Show whether labels are objects, which have limits of size in place of merged pieces."""
        self._objects = there
        self._limited.setVisible(there)
        if not self._reason:
            allow(self.smallest, NO_PIECES if there else "")

    def show_fit(self, words: str, smooths: bool = False) -> None:
        """Show what was learned, if anything, and whether it also smooths images."""
        self.smooth.setVisible(smooths)
        self.fit.setText(words or NO_FIT)
        for each in (self.save_fit, self.apply):
            allow(each, "" if words else NO_FIT)
        self._learned = bool(words)
        self._allow_kind(self._reason)

    def suggest_outlines(self, outlines: str) -> None:
        """Choose what the borders of applied labels follow, where labels shown do not say it."""
        if self._reason:
            with signals_blocked(self.outlines):
                self.outlines.choose(outlines)

    def _allow_kind(self, reason: str) -> None:
        self._reason = reason
        allow(self.kind, reason or (OBJECTS_HELP if self._only == FINISHED[0] else ""))
        allow(self.outlines, "" if self._learned else reason)

    def _prepare(self) -> None:
        self.kind.offer(KINDS)
        self.outlines.offer(OUTLINES)
        self.smallest.setRange(0, 1_000_000)
        self.smallest.setSuffix(" px")
        self.smallest.setSpecialValueText("any size")
        self.smallest.setToolTip("Smaller pieces take the label of the neighbour around them.")
        # A value is used when it is whole, not at every digit.
        self.smallest.setKeyboardTracking(False)
        self.show_labels(NOTHING)
        self.show_objects(False)
        self.show_fit("")

    def _lay_out(self) -> None:
        filled(
            self,
            self.empty,
            "Measure and save",
            beside(self.measure, self.save_table),
            self.save_labels,
            self.legend,
            self._limited,
            self.more,
        )

    def _rest(self) -> QWidget:
        """Return all that need not be looked at after a run."""
        return filled(
            QWidget(),
            self._changes,
            beside(self.save_into, self.copy),
            "What was learned",
            self.fit,
            beside(self.save_fit, self.load_fit),
            "Apply to",
            beside(self.target, self.target.follow, first=3),
            beside(self.apply, self.smooth),
        )
