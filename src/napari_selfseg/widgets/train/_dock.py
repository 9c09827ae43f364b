"""The Train dock: one model of a folder, a stack or a large image, and its application."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from napari_selfseg.widgets.canvas.apply import add_applied
from napari_selfseg.widgets.canvas.layers import describe_image
from napari_selfseg.widgets.parts.dialogs import ask_folder, ask_save
from napari_selfseg.widgets.parts.status import NEXT, NONE
from napari_selfseg.widgets.parts.style import allow
from napari_selfseg.widgets.train._applying import Labelling
from napari_selfseg.widgets.train._job import Snapshot, TrainingJob
from napari_selfseg.widgets.train._preview import Preview
from napari_selfseg.widgets.train._request import NO_SOURCE, TrainingRequest, check
from napari_selfseg.widgets.train._view import FOLDER, LABELLING, NO_MODEL, TrainView
from napari_selfseg.widgets.work.dock.work_dock import WorkDock

if TYPE_CHECKING:
    from napari import Viewer
    from numpy.typing import NDArray

    from napari_selfseg.protocol import Method

__all__ = ["TrainDock"]

KIND: Final = "Model (*.safetensors)"


class TrainDock(WorkDock):
    """Train a model of many images, watch it on one of them, and apply it."""

    view: TrainView
    remembered_as = "train"
    doing = "Train a model"
    preparing = "Reading the images..."
    stopping = "Stopping: the model is written..."

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(napari_viewer, TrainView())
        self._preview: Preview | None = None
        self._connect_widgets()
        self._open_from_now()

    def _new_job(self) -> TrainingJob:
        request = self._request()
        check(request)
        layer = None if request.picture is None else self.view.source.thing
        self._preview = Preview(self._viewer, layer, request)
        return TrainingJob(request)

    def _offer(self) -> None:
        scene = self._watch.image_scene()
        with_folder = replace(scene, offered=[*scene.offered, (FOLDER, FOLDER)])
        self.view.source.show_scene(with_folder)
        self.view.target.show_scene(scene)
        self._name()

    def _name(self) -> None:
        """Say beside Train what is trained on."""
        view, source = self.view, self.view.source.thing
        if source == FOLDER:
            view.subject.setText(NEXT.format(name=view.folder.text().strip() or FOLDER.lower()))
        else:
            view.subject.setText(NONE if source is None else NEXT.format(name=source.name))

    def _forget(self, layer: Any) -> None:
        if self._preview is not None:
            self._preview.forget(layer)

    def _request(self) -> TrainingRequest:
        view, source = self.view, self.view.source.thing
        if source is None:
            raise ValueError(NO_SOURCE)
        folder = source == FOLDER
        return TrainingRequest(
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

    def _show(self, snapshot: Snapshot) -> None:
        if self._preview is not None:
            self._preview.show(snapshot)
        self.view.show_progress(
            snapshot.iteration, snapshot.total, snapshot.sentence, snapshot.losses
        )

    def _finish(self) -> None:
        super()._finish()
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
            allow(self.view.apply, LABELLING)
            self.view.say(LABELLING)
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
        allow(self.view.apply)
        self.view.say("")
        if layer in self._viewer.layers:
            add_applied(self._viewer, layer, method, work.index, labels, record)

    def _refused(self, sentence: str) -> None:
        allow(self.view.apply)
        self.view.show_error(sentence)

    # Files

    def _ask_folder(self) -> None:
        if path := ask_folder(self.view, "Folder of images"):
            self.view.folder.setText(path)

    def _ask_model(self) -> None:
        if path := ask_save(self.view, "Model", "model.safetensors", KIND):
            self.view.model.setText(path)

    def _connect_widgets(self) -> None:
        view = self.view
        view.browse.clicked.connect(self._ask_folder)
        view.save_as.clicked.connect(self._ask_model)
        view.apply.clicked.connect(self._apply)
        view.source.chosen.connect(self._name)
        view.folder.textChanged.connect(lambda _: self._name())
