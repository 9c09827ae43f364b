"""The Batch dock: one recipe for many files and layers, and what became of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QTimer, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_selfseg.memory import keep_freed_memory
from napari_selfseg.widgets import presets, settings
from napari_selfseg.widgets.batch._job import BatchJob, Look, Over
from napari_selfseg.widgets.batch._recipe_desk import RecipeDesk
from napari_selfseg.widgets.batch._results import Results
from napari_selfseg.widgets.batch._view import BatchView
from napari_selfseg.widgets.batch._wanted import Layer, Wanted, check
from napari_selfseg.widgets.choices import Choices, load
from napari_selfseg.widgets.layers import describe_image
from napari_selfseg.widgets.life import Life
from napari_selfseg.widgets.measure import unit_of
from napari_selfseg.widgets.panels import stacked
from napari_selfseg.widgets.runner import in_thread
from napari_selfseg.widgets.task import POLL_MS, Tasks
from napari_selfseg.widgets.watch import Watch

if TYPE_CHECKING:
    from napari import Viewer

__all__ = ["BatchDock"]

PREPARING: Final = "Looking at what is there..."
STOPPING: Final = "Stopping: the image at hand is dropped, all others are kept..."
IMAGES: Final = "Images (*.tif *.tiff *.png *.jpg *.jpeg)"
NO_LAYERS: Final = "No image layer is open."


class BatchDock(QWidget):
    """Do with many images what a recipe says, and look at the results.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Where layers are, and results are opened.

    Attributes
    ----------
    recipe : RecipeDesk
        What is done with each image.
    """

    ended = Signal()

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.view = BatchView(presets.Presets(presets.default_path()))
        stacked(self).addWidget(self.view)
        self._viewer: Any = napari_viewer
        self._settings = settings.read()
        self._threads = self._settings.threads
        self._loaded = False
        self._job: BatchJob | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._tasks = Tasks(self, self.view.show_error)
        self.recipe = RecipeDesk(self.view, self._tasks)
        self._results = Results(napari_viewer, self._tasks.begin)
        self._watch = Watch(napari_viewer, lambda: None, self.view.images.forget)
        self._connect_widgets()
        keep_freed_memory()
        self._life = Life(self, self._begin, self._end)

    @property
    def live(self) -> bool:
        """Whether a batch is live."""
        return self._job is not None

    @property
    def busy(self) -> bool:
        """Whether a batch is live, or anything else is being done."""
        return self.live or self._tasks.busy

    @property
    def loaded(self) -> bool:
        """Whether the methods are there."""
        return self._loaded

    def start(self) -> None:
        """Do what is left of the images in the list."""
        if self.live or not self.loaded:
            return
        try:
            wanted = self._wanted()
        except ValueError as error:
            self.view.show_error(str(error))
            return
        self._results.expect(self.view.images.things)
        self._job = BatchJob(wanted)
        self.view.show_live(PREPARING)
        in_thread(self._job)
        self._timer.start()

    def stop(self) -> None:
        """Ask the live batch to end; the image at hand is dropped."""
        if self._job is not None:
            self._job.stop()
            self.view.stop.setEnabled(False)
            self.view.say(STOPPING)

    # Opened and closed

    def _begin(self) -> None:
        self._watch.begin()
        if not self.loaded:
            self._tasks.begin(load, self._populate, "Loading the methods")

    def _end(self) -> None:
        self._timer.stop()
        self._tasks.clear()
        self._watch.end()
        if self._job is not None:
            # What is done is written; nobody looks any more.
            self._job.stop()
            self._finish()
            self.view.show_ready("")

    # What is filled in

    def _populate(self, choices: Choices) -> None:
        self._threads = self._settings.threads or choices.threads
        self._loaded = True
        self.view.populate(choices, self._settings.device)

    def _wanted(self) -> Wanted:
        view = self.view
        things, folder = view.images.things, view.folder.text().strip()
        check(things, folder)
        return Wanted(
            images=tuple(e if isinstance(e, str) else self._layer(e) for e in things),
            recipe=self.recipe.recipe,
            folder=folder,
            preview=view.preview.isChecked(),
            memory=self._settings.memory_limit,
            device=view.device.thing,
            threads=self._threads,
        )

    def _layer(self, layer: Any) -> Layer:
        return Layer(describe_image(layer, self._viewer.dims), unit_of(layer))

    # A batch

    def _poll(self) -> None:
        message = None if self._job is None else self._job.mailbox.take()
        if isinstance(message, Look):
            self._show(message)
        elif isinstance(message, Over):
            self._conclude(message)

    def _show(self, look: Look) -> None:
        self.view.show_look(look)
        self._results.follow(look.entries)

    def _conclude(self, over: Over) -> None:
        if over.look is not None:
            self._show(over.look)
        self._finish()
        self.view.show_ready(over.sentence)
        if over.failed:
            self.view.show_error(over.sentence)
        self.ended.emit()

    def _finish(self) -> None:
        self._job = None
        self._timer.stop()

    def _open(self) -> None:
        entry = self.view.table.entry
        if entry is not None and entry.state == "done":
            self._results.open(self.view.table.number, entry)

    # Files

    def _add_files(self) -> None:
        if paths := QFileDialog.getOpenFileNames(self.view, "Images", "", IMAGES)[0]:
            self.view.images.add_files(paths)
            self.view.say("")

    def _add_folder(self) -> None:
        if path := QFileDialog.getExistingDirectory(self.view, "Folder of images"):
            try:
                self.add_folder(path)
            except (ValueError, OSError) as error:
                self.view.show_error(str(error))

    def add_folder(self, path: str) -> None:
        """Add all images of a folder.

        Parameters
        ----------
        path : str
            The folder.

        Raises
        ------
        ValueError
            When it holds none.
        """
        from napari_selfseg.scale import files_of

        self.view.images.add_files([str(each) for each in files_of([path])])
        self.view.say("")

    def _add_layers(self) -> None:
        layers = [layer for _, layer in self._watch.images()]
        if layers:
            self.view.images.add_layers(layers)
            self.view.say("")
        else:
            self.view.show_error(NO_LAYERS)

    def _ask_folder(self) -> None:
        if path := QFileDialog.getExistingDirectory(self.view, "Folder for the results"):
            self.view.folder.setText(path)

    def _connect_widgets(self) -> None:
        view = self.view
        self._timer.timeout.connect(self._poll)
        view.run.clicked.connect(self.start)
        view.stop.clicked.connect(self.stop)
        view.add_files.clicked.connect(self._add_files)
        view.add_folder.clicked.connect(self._add_folder)
        view.add_layers.clicked.connect(self._add_layers)
        view.remove.clicked.connect(view.images.remove_selected)
        view.browse.clicked.connect(self._ask_folder)
        view.open.clicked.connect(self._open)
        view.table.opened.connect(lambda _: self._open())
        view.recipe.refused.connect(view.show_error)
