"""The Train dock: one model of a folder, a stack or a large image, and its application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QTimer, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_selfseg.memory import keep_freed_memory
from napari_selfseg.widgets import settings
from napari_selfseg.widgets.apply import add_applied
from napari_selfseg.widgets.choices import Choices, load
from napari_selfseg.widgets.dialogs import ask_save
from napari_selfseg.widgets.layers import describe_image
from napari_selfseg.widgets.life import Life
from napari_selfseg.widgets.panels import stacked
from napari_selfseg.widgets.runner import in_thread
from napari_selfseg.widgets.task import POLL_MS, Tasks
from napari_selfseg.widgets.train._applying import Labelling
from napari_selfseg.widgets.train._job import Look, Over, TrainingJob
from napari_selfseg.widgets.train._preview import Preview
from napari_selfseg.widgets.train._view import FOLDER, NO_MODEL, TrainView
from napari_selfseg.widgets.train._wanted import NO_SOURCE, Wanted, check
from napari_selfseg.widgets.watch import Watch

if TYPE_CHECKING:
    from napari import Viewer
    from numpy.typing import NDArray

    from napari_selfseg.protocol import Method

__all__ = ["TrainDock"]

PREPARING: Final = "Reading the images..."
STOPPING: Final = "Stopping: the model is written..."
KIND: Final = "Model (*.safetensors)"


class TrainDock(QWidget):
    """Train a model of many images, watch it on one of them, and apply it.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Where the images are.
    """

    ended = Signal()

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.view = TrainView()
        stacked(self).addWidget(self.view)
        self._viewer: Any = napari_viewer
        self._settings = settings.read()
        self._threads = self._settings.threads
        self._loaded = False
        self._job: TrainingJob | None = None
        self._preview: Preview | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._tasks = Tasks(self, self.view.show_error)
        self._watch = Watch(napari_viewer, self._offer, self._forget)
        self._connect_widgets()
        keep_freed_memory()
        self._life = Life(self, self._begin, self._end)

    @property
    def live(self) -> bool:
        """Whether a training is live."""
        return self._job is not None

    @property
    def busy(self) -> bool:
        """Whether a training is live, or anything else is being made."""
        return self.live or self._tasks.busy

    @property
    def loaded(self) -> bool:
        """Whether the methods are there."""
        return self._loaded

    def start(self) -> None:
        """Start a training with what is filled in."""
        if self.live or not self.loaded:
            return
        try:
            wanted = self._wanted()
            check(wanted)
        except (ValueError, OSError) as error:
            self.view.show_error(str(error))
            return
        layer = None if wanted.picture is None else self.view.source.thing
        self._preview = Preview(self._viewer, layer, wanted)
        self._job = TrainingJob(wanted)
        self.view.show_live(PREPARING)
        in_thread(self._job)
        self._timer.start()

    def stop(self) -> None:
        """Ask the live training to end and write its model."""
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
            # The model keeps its last checkpoint; nobody looks any more.
            self._job.stop()
            self._finish()

    # What is filled in

    def _populate(self, choices: Choices) -> None:
        self._threads = self._settings.threads or choices.threads
        self._loaded = True
        self.view.populate(choices, self._settings.device)

    def _offer(self) -> None:
        images = self._watch.images()
        nobody_chose = not self.view.folder.text() and self.view.source.count() <= 1
        self.view.source.offer([*images, (FOLDER, FOLDER)])
        if images and nobody_chose:
            self.view.source.choose(images[0][1])
        self.view.target.offer(images)

    def _forget(self, layer: Any) -> None:
        if self._preview is not None:
            self._preview.forget(layer)

    def _wanted(self) -> Wanted:
        view, source = self.view, self.view.source.thing
        if source is None:
            raise ValueError(NO_SOURCE)
        folder = source == FOLDER
        return Wanted(
            method=view.method.thing(**view.values),
            model=view.model.text().strip(),
            picture=None if folder else describe_image(source, self._viewer.dims),
            folder=view.folder.text().strip(),
            tile=view.tile.value(),
            every=view.every.value(),
            resume=view.resume.isChecked(),
            stable=view.stable.value() or None,
            device=view.device.thing,
            threads=self._threads,
        )

    # A training

    def _poll(self) -> None:
        message = None if self._job is None else self._job.mailbox.take()
        if isinstance(message, Look):
            self._show(message)
        elif isinstance(message, Over):
            self._conclude(message)

    def _show(self, look: Look) -> None:
        if self._preview is not None:
            self._preview.show(look)
        self.view.show_look(look.iteration, look.total, look.sentence, look.losses)

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
        if self._preview is not None:
            self._preview.settle()
            self._preview = None

    # Applying

    def _apply(self) -> None:
        layer, path = self.view.target.thing, self.view.model.text().strip()
        if layer is None:
            self.view.show_error(NO_SOURCE)
        elif not path:
            self.view.show_error(NO_MODEL)
        else:
            picture = describe_image(layer, self._viewer.dims)
            work = Labelling(path, picture, self.view.device.thing, self._threads)
            self.view.apply.setEnabled(False)
            self.view.say("Labelling...")
            self._tasks.begin(
                work,
                lambda found: self._add(layer, work, *found),
                "Applying the model",
                self._refused,
            )

    def _add(
        self,
        layer: Any,
        work: Labelling,
        method: Method,
        labels: NDArray[Any],
        record: dict[str, Any],
    ) -> None:
        self.view.apply.setEnabled(True)
        self.view.say("")
        if layer in self._viewer.layers:
            add_applied(self._viewer, layer, method, work.index, labels, record)

    def _refused(self, sentence: str) -> None:
        self.view.apply.setEnabled(True)
        self.view.show_error(sentence)

    # Files

    def _ask_folder(self) -> None:
        if path := QFileDialog.getExistingDirectory(self.view, "Folder of images"):
            self.view.folder.setText(path)

    def _ask_model(self) -> None:
        if path := ask_save(self.view, "Model", "model.safetensors", KIND):
            self.view.model.setText(path)

    def _connect_widgets(self) -> None:
        view = self.view
        self._timer.timeout.connect(self._poll)
        view.run.clicked.connect(self.start)
        view.stop.clicked.connect(self.stop)
        view.browse.clicked.connect(self._ask_folder)
        view.save_as.clicked.connect(self._ask_model)
        view.apply.clicked.connect(self._apply)
