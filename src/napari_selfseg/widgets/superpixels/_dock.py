"""The Superpixels dock: cut an image, look at it, and edit the pieces by clicking."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from napari_selfseg.widgets.canvas.layer_watcher import LayerWatcher
from napari_selfseg.widgets.canvas.layers import describe_image
from napari_selfseg.widgets.model.choices import Choices, load
from napari_selfseg.widgets.model.image_source import cut, shape_of
from napari_selfseg.widgets.model.state import NO_IMAGE
from napari_selfseg.widgets.parts.access.keys import RUN, STOP, Presses
from napari_selfseg.widgets.parts.status import AT_WORK, NEXT, NONE
from napari_selfseg.widgets.superpixels._actions import Actions
from napari_selfseg.widgets.superpixels._layers import add_superpixels
from napari_selfseg.widgets.superpixels._making import Made, SuperpixelRequest, make
from napari_selfseg.widgets.superpixels._view import SuperpixelsView
from napari_selfseg.widgets.work.dock.work_dock import DockBase

if TYPE_CHECKING:
    from napari import Viewer

__all__ = ["SuperpixelsDock"]

READY: Final = "Ready."
WORKING: Final = "Cutting {name} into superpixels..."
CANCELLED: Final = "Cancelled."
REMOVED: Final = "Ended: the image layer was removed."


class SuperpixelsDock(DockBase):
    """Cut an image of the viewer into superpixels, and pick, merge and split them."""

    view: SuperpixelsView
    remembered_as = "superpixels"

    def __init__(self, napari_viewer: Viewer) -> None:
        view = SuperpixelsView()
        super().__init__(napari_viewer, view, view.show_error)
        self._desk = Actions(napari_viewer, view)
        self._live: SuperpixelRequest | None = None
        self._source: Any = None
        self._image: Any = None
        self._connect_widgets()
        self._watch = LayerWatcher(
            napari_viewer, self._offer_layers, self._on_removed, selected=self._offer_layers
        )
        self._open_from_now()

    def _presses(self) -> Presses:
        return {RUN: self.view.run.click, STOP: self.view.cancel.click}

    @property
    def live(self) -> bool:
        """Whether superpixels are being made."""
        return self._live is not None

    def start(self) -> None:
        """Make superpixels of what is filled in."""
        if self.live or not self.view.loaded:
            return
        source = self.view.image.thing
        if source is None:
            self.view.show_error(NO_IMAGE)
            return
        try:
            request = self._request(source)
        except ValueError as error:
            self.view.show_error(str(error))
            return
        self._live, self._source = request, source
        self.view.show_live(WORKING.format(name=source.name))
        self.view.subject.setText(AT_WORK.format(name=source.name))
        self._tasks.begin(
            lambda: make(request),
            lambda made: self._put(request, made),
            "Making superpixels",
            lambda sentence: self._refused(request, sentence),
        )

    def cancel(self) -> None:
        """Wait no longer: what is being made is dropped when it is there."""
        if self.live:
            self._finish(CANCELLED)

    # Opened and closed

    def _begin(self) -> None:
        super()._begin()
        if not self.view.loaded:
            self._tasks.begin(load, self._populate, "Loading the algorithms")

    def _end(self) -> None:
        super()._end()
        self._desk.close()
        if self.live:
            self._finish("")

    # Layers

    def _offer_layers(self) -> None:
        self.view.image.show_scene(self._watch.image_scene())
        self.view.layer.show_scene(self._watch.labels_scene())

    def _on_image(self) -> None:
        layer = self.view.image.thing
        self.view.offer_parts(layer is not None and layer.ndim > 2)
        self._suit()
        if not self.live:
            self._name(layer)
            # Why superpixels ended is still to be read where no other image takes the place.
            told = layer is None and self.view.status.text() == REMOVED
            if self.view.loaded and layer != self._image and not told:
                # What was said of another image is over.
                self.view.show_ready(READY if layer is not None else NO_IMAGE)
            self._image = layer

    def _suit(self) -> None:
        """Suggest a number of superpixels for what is going to be cut."""
        if (layer := self.view.image.thing) is not None:
            picture = describe_image(layer, self._viewer.dims)
            index = cut(picture, self.view.part.thing)
            self.view.suit(math.prod(shape_of(picture.shape, index)))

    def _name(self, layer: Any) -> None:
        """Say beside Run which image is cut."""
        self.view.subject.setText(NONE if layer is None else NEXT.format(name=layer.name))

    def _on_removed(self, layer: Any) -> None:
        if self.live and layer == self._source:
            self._finish(REMOVED)
        self._desk.forget(layer)

    # Superpixels

    def _request(self, source: Any) -> SuperpixelRequest:
        algorithm = self.view.algorithm.thing(**self.view.values())
        picture = describe_image(source, self._viewer.dims)
        return SuperpixelRequest(picture, cut(picture, self.view.part.thing), algorithm)

    def _populate(self, choices: Choices) -> None:
        self.view.populate(choices)
        self._memory.recall()
        self._suit()
        self.view.show_ready(READY if self.view.image.thing is not None else NO_IMAGE)

    def _put(self, request: SuperpixelRequest, made: Made) -> None:
        if self._live is request:
            lines = self.view.boundaries.isChecked()
            layer = add_superpixels(self._viewer, self._source, request, made, boundaries=lines)
            self._desk.put(layer, made)
            self._finish(READY)
            self.view.show_made()

    def _refused(self, request: SuperpixelRequest, sentence: str) -> None:
        if self._live is request:
            self._finish("")
            self.view.show_error(sentence)

    def _finish(self, words: str) -> None:
        self._live = self._source = None
        self.view.show_ready(words)
        self._on_image()
        self.ended.emit()

    def _connect_widgets(self) -> None:
        self.view.run.clicked.connect(self.start)
        self.view.cancel.clicked.connect(self.cancel)
        self.view.image.chosen.connect(self._on_image)
        self.view.part.chosen.connect(self._suit)
