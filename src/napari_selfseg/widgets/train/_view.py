"""What the Train dock looks like; it knows neither layers nor models."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QTabWidget,
    QWidget,
)

from napari_selfseg.widgets.model.choices import Choices
from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.access.keys import RUN, STOP, keyed
from napari_selfseg.widgets.parts.calm_bar import RunButtons, RunView
from napari_selfseg.widgets.parts.choosers import Chooser, LayerChooser, titled
from napari_selfseg.widgets.parts.contrast import hinted
from napari_selfseg.widgets.parts.elided import Line
from napari_selfseg.widgets.parts.keeping import Kept
from napari_selfseg.widgets.parts.number_box import NumberBox
from napari_selfseg.widgets.parts.panels import Fold, Pages, at_the_end, beside, filled, rows
from napari_selfseg.widgets.parts.plots.plot import LossPlot
from napari_selfseg.widgets.parts.style import (
    afresh,
    button,
    dock_layout,
    scrolled,
    sentence,
)

__all__ = ["FOLDER", "LABELLING", "TrainView"]

FOLDER: Final = "A folder of images"
EXPLAINED: Final = (
    "One model for all images: every class has the same number in each of them. The planes of a "
    "stack count as images."
)
RESUME_HELP: Final = "Train the model in the file further, if there is one."
TILE_HELP: Final = "Cut large planes into tiles of at most so many pixels a side; 0 leaves them."
EVERY_HELP: Final = "The model file is written so often: what was learned outlives a crash."
STABLE_HELP: Final = (
    "End when this share of pixels kept its label over three checkpoints; 0 trains to the end."
)
LIVE: Final = "A training is live: it has to end first."
NOT_LIVE: Final = "Nothing is being trained."
LABELLING: Final = "Labelling..."
# For the same classes in all images (docs/choose.md); ahead of SGSeg on what was measured.
RECOMMENDED: Final = "backprop"
NO_MODEL: Final = "Train a model first, or choose a file of one on the first page."


class TrainView(RunView):
    """The widgets of the Train dock, and what they show in which state."""

    live = LIVE

    def __init__(self) -> None:
        super().__init__()
        self.source = LayerChooser("A layer, whose planes are the images, or a folder of files.")
        self.subject = Line()
        self.folder = QLineEdit()
        self.browse = button("Browse...", "Choose the folder.")
        self.tile = _whole(0, 100_000, 0, TILE_HELP)
        self.method = Chooser("What to train.")
        self.model = QLineEdit()
        self.save_as = button("Browse...", "Choose the file to write.")
        self.resume = QCheckBox("Go on with this model")
        self.every = _whole(1, 100_000, 10, EVERY_HELP)
        self.stable = NumberBox()
        self.device = Chooser("Where to compute; auto takes a graphics card if there is one.")
        self.run = button("Train", keyed("Start, and write the model as it goes.", RUN))
        self.stop = button("Stop", keyed("End and keep what was learned.", STOP))
        self._buttons = RunButtons(self.run, self.stop, NOT_LIVE)
        self.bar = self._buttons.bar
        self.plot = LossPlot()
        self.target = LayerChooser(
            "The image to label; a stack is labelled plane by plane.", nothing="No image is open"
        )
        self.apply = button("Apply", "Label the image with the class numbers of the model.")
        self.afresh = afresh()
        self.pages = QTabWidget()
        self._methods = Pages()
        self._folder_row = _joined(self.folder, self.browse)
        self._losses: dict[str, dict[int, float]] = {}
        self._lay_out()
        self._prepare()

    @property
    def kept(self) -> Kept:
        """What is remembered: what does not depend on the images, and where models are."""
        return {
            "folder": self.folder,
            "tile": self.tile,
            "model": self.model,
            "every": self.every,
            "stable": self.stable,
            "method": self.method,
            "values": self._methods,
            "device": self.device,
        }

    @property
    def values(self) -> dict[str, Any]:
        """Parameters of the method, as filled in."""
        page = self._methods.current
        return page.values() if page else {}

    def populate(self, choices: Choices, device: str) -> None:
        """Offer the methods and devices there are.

        `device` is chosen first, where there is one of that name.
        """
        self._methods.fill(choices.methods)
        self.method.offer(titled(choices.methods))
        named = {each.name: each for each in choices.methods}
        self.method.choose(named[RECOMMENDED])
        self.device.offer_words(choices.devices)
        self.device.choose(device)
        self.show_ready("")

    def show_live(self, text: str) -> None:
        """Show that a training is being prepared."""
        self._losses = {}
        self.plot.hide()
        super().show_live(text)

    def show_progress(
        self, iteration: int, total: int, text: str, losses: dict[str, float]
    ) -> None:
        """Show how far the training is, also in words, with a further point of the curve."""
        self.setUpdatesEnabled(False)
        self.bar.setRange(0, total)
        self.bar.setValue(iteration)
        for name, value in losses.items():
            self._losses.setdefault(name, {})[iteration] = value
        self.plot.show_losses(self._losses)
        self.plot.setVisible(bool(self._losses))
        self.say(text)
        self.setUpdatesEnabled(True)

    def _prepare(self) -> None:
        self.bar.setFormat("%v / %m")
        for other in (self.plot, self._folder_row):
            other.hide()
        hinted(self.folder, "folder")
        called(self.folder, "Folder of images")
        hinted(self.model, "model.safetensors")
        self.resume.setToolTip(RESUME_HELP)
        self.stable.setRange(0, 1)
        self.stable.setUsual(0.1)
        self.stable.setToolTip(STABLE_HELP)
        self.method.chosen.connect(lambda: self._methods.turn_to(self.method.thing))
        self.source.chosen.connect(lambda: self._folder_row.setVisible(self.source.thing == FOLDER))
        self.say("Loading methods...")

    # What lies where

    def _lay_out(self) -> None:
        self.pages.addTab(scrolled(self._training()), "Train")
        self.pages.addTab(scrolled(self._applying()), "Apply")
        layout = dock_layout(self, self.pages)
        layout.addWidget(self.subject)
        for each in (self.bar, self.plot):
            layout.addWidget(each)
        self.lay_out_status(layout)
        layout.addLayout(beside(self.run, self.stop))

    def _training(self) -> QWidget:
        return filled(
            QWidget(),
            sentence(EXPLAINED),
            "Images",
            beside(self.source, self.source.follow, first=3),
            self._folder_row,
            rows([("Tiles of at most", self.tile)]),
            "Model",
            _joined(self.model, self.save_as),
            self.resume,
            rows([("Save every", self.every), ("End when stable", self.stable)]),
            "Method",
            self.method,
            self._methods,
            Fold("Device", rows([("Device", self.device)])),
            at_the_end(self.afresh),
        )

    def _applying(self) -> QWidget:
        return filled(
            QWidget(),
            sentence("The model in the file of the first page labels other images."),
            "Image",
            beside(self.target, self.target.follow, first=3),
            self.apply,
        )


def _whole(low: int, high: int, value: int, tooltip: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setToolTip(tooltip)
    return box


def _joined(edit: QLineEdit, beside_it: QWidget) -> QWidget:
    page = QWidget()
    layout = QHBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(edit, stretch=1)
    layout.addWidget(beside_it)
    return page
