"""The Batch dock: one recipe for many files and layers, and what became of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from napari_selfseg.widgets.batch._job import BatchJob, Snapshot
from napari_selfseg.widgets.batch._recipe_actions import RecipeActions
from napari_selfseg.widgets.batch._request import BatchRequest, Layer, check
from napari_selfseg.widgets.batch._results import Results
from napari_selfseg.widgets.batch._view import BatchView
from napari_selfseg.widgets.canvas.layers import describe_image
from napari_selfseg.widgets.model.kept import presets
from napari_selfseg.widgets.model.measure import unit_of
from napari_selfseg.widgets.model.own import is_made
from napari_selfseg.widgets.parts.dialogs import ask_files, ask_folder, image_files
from napari_selfseg.widgets.work.dock.work_dock import WorkDock

if TYPE_CHECKING:
    from napari import Viewer

__all__ = ["BatchDock"]

NO_LAYERS: Final = "No image layer is open."


class BatchDock(WorkDock):
    """Do with many images what a recipe says, and look at the results."""

    view: BatchView
    remembered_as = "batch"
    doing = "Batch"
    preparing = "Looking at what is there..."
    stopping = "Stopping: the image at hand is dropped, all others are kept..."

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(napari_viewer, BatchView(presets.Presets(presets.default_path())))
        self.recipe = RecipeActions(self.view, self._tasks)
        self._results = Results(napari_viewer, self._tasks.begin)
        self._connect_widgets()
        self._open_from_now()

    def _new_job(self) -> BatchJob:
        request = self._request()
        self._results.expect(self.view.images.things)
        return BatchJob(request)

    def _forget(self, layer: Any) -> None:
        self.view.images.forget(layer)

    def _request(self) -> BatchRequest:
        view = self.view
        things, folder = view.images.things, view.folder.text().strip()
        check(things, folder)
        return BatchRequest(
            images=tuple(e if isinstance(e, str) else self._layer(e) for e in things),
            recipe=self.recipe.recipe,
            folder=folder,
            into_image=view.into.text().strip() or None,
            preview=view.preview.isChecked(),
            memory=self._settings.memory_limit,
            device=view.device.thing,
            threads=self._threads,
        )

    def _layer(self, layer: Any) -> Layer:
        return Layer(describe_image(layer, self._viewer.dims), unit_of(layer))

    # Results

    def _show(self, snapshot: Snapshot) -> None:
        self.view.show_progress(snapshot)
        self._results.follow(snapshot.entries)

    def _open(self) -> None:
        entry = self.view.table.entry
        if entry is not None and entry.state == "done":
            self._results.open(self.view.table.number, entry)

    # Files

    def _add_files(self) -> None:
        if paths := ask_files(self.view, "Images", image_files()):
            self.view.images.add_files(paths)

    def _add_folder(self) -> None:
        if path := ask_folder(self.view, "Folder of images"):
            try:
                self.add_folder(path)
            except (ValueError, OSError) as error:
                self.view.show_error(str(error))

    def add_folder(self, path: str) -> None:
        """Add all images of a folder.

        Raises
        ------
        ValueError
            When it holds none.
        """
        from napari_selfseg.scale import files_of

        self.view.images.add_files([str(each) for each in files_of([path])])

    def _add_layers(self) -> None:
        layers = [layer for _, layer in self._watch.images() if not is_made(layer)]
        if layers:
            self.view.images.add_layers(layers)
        else:
            self.view.show_error(NO_LAYERS)

    def _ask_folder(self) -> None:
        if path := ask_folder(self.view, "Folder for the results"):
            self.view.folder.setText(path)

    def _connect_widgets(self) -> None:
        view = self.view
        view.add_files.clicked.connect(self._add_files)
        view.add_folder.clicked.connect(self._add_folder)
        view.add_layers.clicked.connect(self._add_layers)
        view.remove.clicked.connect(view.images.remove_selected)
        view.browse.clicked.connect(self._ask_folder)
        view.open.clicked.connect(self._open)
        view.table.opened.connect(lambda _: self._open())
        view.recipe.refused.connect(view.show_error)
