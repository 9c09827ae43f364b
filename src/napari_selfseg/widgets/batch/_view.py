"""What the Batch dock looks like; it knows neither layers nor files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtWidgets import (
    QCheckBox,
    QLineEdit,
    QTabWidget,
    QWidget,
)

from napari_selfseg.widgets.batch._images import ImageList
from napari_selfseg.widgets.batch._plate_links import PlateChoice, PlateStates
from napari_selfseg.widgets.batch._recipe_view import RecipeView
from napari_selfseg.widgets.batch._table import EntryTable
from napari_selfseg.widgets.batch._words import detail, hint
from napari_selfseg.widgets.model.choices import Choices
from napari_selfseg.widgets.model.kept.presets import Presets
from napari_selfseg.widgets.parts.access.keys import RUN, STOP, keyed
from napari_selfseg.widgets.parts.calm_bar import RunButtons, RunView
from napari_selfseg.widgets.parts.choosers import Chooser
from napari_selfseg.widgets.parts.contrast import hinted
from napari_selfseg.widgets.parts.in_front import in_dock
from napari_selfseg.widgets.parts.keeping import Kept
from napari_selfseg.widgets.parts.panels import Fold, at_the_end, beside, filled, rows, stacked
from napari_selfseg.widgets.parts.style import (
    ERROR,
    LOADING,
    afresh,
    allow,
    button,
    dock_layout,
    scrolled,
    sentence,
)

if TYPE_CHECKING:
    from napari_selfseg.widgets.batch._job import Snapshot

__all__ = ["BatchView"]

EXPLAINED: Final = (
    "One recipe for many images. Results are written as they come; one bad image stops nothing."
)
RESULTS_HELP: Final = (
    "Labels with their record, a table (batch.csv) and the recipe. Results of the same recipe that "
    "are there already stay, and only what is left is done."
)
INTO_HELP: Final = (
    "Name of the labels in the images themselves, as IMAGE.zarr/labels/NAME, for OME-Zarr alone. "
    "The table and the recipe go into the folder all the same."
)
STOP_HELP: Final = "End now: what is done is kept, Run goes on with what is left."
NOTHING: Final = "What becomes of each image is shown here: set up a batch, press Run."
LIVE: Final = "A batch is live: it has to end first."
NOT_LIVE: Final = "Nothing is running."
NOT_DONE: Final = "Select an image in the table that is done."
PARTS: Final = 1000


class BatchView(RunView):
    """The widgets of the Batch dock, and what they show in which state."""

    live = LIVE

    def __init__(self, presets: Presets) -> None:
        super().__init__()
        self.images = ImageList()
        self.add_files = button("Files...", "Add image files.")
        self.add_folder = button("Folder...", "Add all images of a folder.")
        self.add_layers = button("Layers", "Add the image layers that are open.")
        self.remove = button("Remove", "Take the selected images off the list; all if none is.")
        self.recipe = RecipeView(presets)
        self.folder = QLineEdit()
        self.browse = button("Browse...", "Choose the folder for the results.")
        self.into = QLineEdit()
        self.preview = QCheckBox("Pictures of the labels as well")
        self.device = Chooser("Where to compute; auto takes a graphics card if there is one.")
        self.table = EntryTable()
        self.choice, self.states = PlateChoice(self.images), PlateStates(self.table)
        self.detail = sentence()
        self.open = button("Open in the viewer", "Show the selected result over its image.")
        self.run = button("Run", keyed("Do all images that are left.", RUN))
        self.stop = button("Stop", keyed(STOP_HELP, STOP))
        self._buttons = RunButtons(self.run, self.stop, NOT_LIVE)
        self.bar = self._buttons.bar
        self.afresh = afresh()
        self.pages = QTabWidget()
        self._empty = sentence(NOTHING)
        self._loaded = False
        self._table = QWidget()
        self._lay_out()
        self._prepare()

    @property
    def kept(self) -> Kept:
        """What is remembered: what does not depend on the images, and where results go."""
        here = {
            "folder": self.folder,
            "into": self.into,
            "preview": self.preview,
            "device": self.device,
        }
        return here | dict(self.recipe.kept)

    def populate(self, choices: Choices, device: str) -> None:
        """Offer the methods and devices there are.

        `device` is chosen first, where there is one of that name.
        """
        self.recipe.populate(choices)
        self.device.offer_words(choices.devices)
        self.device.choose(device)
        allow(self.add_folder)
        self._loaded = True
        self.show_ready(self._hint())

    def show_progress(self, snapshot: Snapshot) -> None:
        """Show how far the batch is."""
        self.setUpdatesEnabled(False)
        if not self._table.isVisibleTo(self):
            self._empty.hide()
            self._table.show()
            self.pages.setCurrentIndex(1)
        self.bar.setRange(0, PARTS)
        self.bar.setValue(round(PARTS * snapshot.share))
        how_far = f"{snapshot.done} of {snapshot.total}"
        self.table.show_entries(snapshot.entries, snapshot.running, how_far)
        self.states.show(snapshot.entries, snapshot.running)
        self.say(snapshot.sentence)
        self.setUpdatesEnabled(True)

    def show_ready(self, text: str, missing: str = "") -> None:
        """Show that a batch can be started, how the last one ended, and what of it failed."""
        self.table.choose_failed()
        super().show_ready(text, missing)

    def _hint(self) -> str:
        return hint(len(self.images.things), bool(self.folder.text().strip()))

    def _on_setup(self) -> None:
        """Say what is still to be filled in, in place of what was said of the form before."""
        # While a batch is live its progress is said.
        if self._loaded and not self.stop.isEnabled():
            self.say(self._hint())

    def _show_chosen(self) -> None:
        entry = self.table.entry
        done = entry is not None and entry.state == "done"
        allow(self.open, "" if done else NOT_DONE)
        self.detail.setText("" if entry is None else in_dock(detail(entry), self.words))
        self.detail.setStyleSheet(ERROR if entry is not None and entry.state == "failed" else "")

    def _prepare(self) -> None:
        allow(self.add_folder, LOADING)
        allow(self.open, NOT_DONE)
        self._table.hide()
        hinted(self.folder, "folder")
        self.folder.setToolTip(RESULTS_HELP)
        hinted(self.into, "labels: leave empty for files in the folder")
        self.into.setToolTip(INTO_HELP)
        self.table.chosen.connect(self._show_chosen)
        self.images.changed.connect(self._on_setup)
        self.folder.textChanged.connect(lambda _: self._on_setup())
        self.say("Loading methods...")

    # What lies where

    def _lay_out(self) -> None:
        self.pages.addTab(scrolled(self._setting_up()), "Set up")
        self.pages.addTab(self._results(), "Results")
        layout = dock_layout(self, self.pages)
        layout.addWidget(self.bar)
        self.lay_out_status(layout)
        layout.addLayout(beside(self.run, self.stop))

    def _setting_up(self) -> QWidget:
        return filled(
            QWidget(),
            sentence(EXPLAINED),
            "Images",
            self.images,
            beside(self.add_files, self.add_folder),
            beside(self.add_layers, self.remove),
            self.choice.plates,
            "Folder for the results",
            beside(self.folder, self.browse, first=3),
            rows([("Into the images, as", self.into)]),
            self.preview,
            "Recipe",
            self.recipe,
            Fold("Device", rows([("Device", self.device)])),
            at_the_end(self.afresh),
        )

    def _results(self) -> QWidget:
        page = QWidget()
        layout = stacked(page)
        layout.addWidget(self._empty)
        layout.addWidget(self._table, stretch=1)
        layout.addStretch(0)
        table = stacked(self._table)
        for each in (self.states.plates, self.table, self.detail, self.open):
            table.addWidget(each)
        return page
