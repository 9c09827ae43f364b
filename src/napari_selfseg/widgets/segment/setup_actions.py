"""The layers offered on the Set-up page, those drawn on, and the request that comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from napari.layers import Labels

from napari_selfseg.widgets.canvas.drawing_layers import (
    add_scribbles,
    draw_rectangle,
    rectangle_layer,
)
from napari_selfseg.widgets.canvas.halving import add_halved, halved
from napari_selfseg.widgets.canvas.label_layer import hide_earlier
from napari_selfseg.widgets.canvas.layer_watcher import LayerWatcher
from napari_selfseg.widgets.canvas.layers import describe_image, describe_labels, partners
from napari_selfseg.widgets.estimates.remedies import Remedy
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.model.state import Form, Missing, resolve
from napari_selfseg.widgets.segment.scribbles.scribble_actions import ScribbleActions
from napari_selfseg.widgets.views.view import SegmentView
from napari_selfseg.widgets.work.task import Begin

__all__ = ["SetupActions"]


class SetupActions:
    """Between the Set-up page and the layers of the viewer.

    Parameters
    ----------
    threads : callable
        Returns the CPU threads to use.
    acted_on : callable
        Returns the labels layer that strokes act on at once; None where there is none.
    """

    def __init__(
        self,
        viewer: Any,
        view: SegmentView,
        watch: LayerWatcher,
        threads: Callable[[], int],
        acted_on: Callable[[], Any],
        begin: Begin,
    ) -> None:
        self._viewer = viewer
        self._view = view
        self._watch = watch
        self._threads = threads
        self._acted_on, self._begin = acted_on, begin
        self._shapes: Any = None
        self._image: Any = None
        self._scribbles = ScribbleActions(viewer, view.setup)
        view.setup.image.chosen.connect(self._on_image)
        view.setup.region.draw.clicked.connect(self._draw)
        view.setup.new_scribbles.clicked.connect(self._add_scribbles)

    def close(self) -> None:
        """Let go of the layers."""
        self._scribbles.close()
        self._follow_rectangle(None)

    def offer(self) -> None:
        """Offer the layers there are, and follow the one with the rectangle."""
        self._follow_rectangle(rectangle_layer(self._viewer))
        self.offer_images()
        self._view.setup.offer_labels(self._watch.labels())

    def offer_images(self) -> None:
        """Offer the images there are, and follow the one that is selected."""
        scene, setup = self._watch.image_scene(), self._view.setup
        setup.image.show_scene(scene, kept=setup.channels.things)
        self._view.result.target.show_scene(scene)

    def request(self) -> Request | Missing:
        """Turn what is filled in into a run."""
        setup, image = self._view.setup, self._view.setup.image.thing
        form = self._with_kinds(setup.form(self._threads()))
        if image is None:
            return resolve(form, None)
        channels, rectangle = setup.channels.things, rectangle_layer(self._viewer)
        picture = describe_image(image, self._viewer.dims, channels, rectangle)
        chosen = {
            "superpixels": setup.superpixels.thing,
            "mask": setup.region.void.thing,
            "scribbles": setup.scribbles.thing,
        }
        layers = {name: layer for name, layer in chosen.items() if isinstance(layer, Labels)}
        overlays = {name: describe_labels(layer, image) for name, layer in layers.items()}
        return resolve(form, picture, **overlays)

    def _with_kinds(self, form: Form) -> Form:
        """Let the classes of the scribbles say which kinds of objects there are."""
        kinds = self._scribbles.kinds if "kinds" in form.values else ""
        return replace(form, values={**form.values, "kinds": kinds}) if kinds else form

    def follow(self, remedy: Remedy) -> None:
        """Do what a refusal recommends, as far as it is not for a person to go on."""
        self._view.controls.say("Ready.")
        self._view.controls.offer(())  # pressed twice it would be done twice
        if remedy.halved:
            self._halve(remedy.halved)
        else:
            self._fill_in(remedy)

    def _halve(self, times: tuple[int, ...]) -> None:
        image, setup = self._view.setup.image.thing, self._view.setup
        if image is None:
            return
        data, void, colours = image.data, setup.region.rule, image.rgb
        self._begin(
            lambda: halved(data, times, void, channels=colours),
            lambda found: setup.image.choose(add_halved(self._viewer, image, found, times)),
            "Halving the image",
        )

    def _fill_in(self, remedy: Remedy) -> None:
        setup = self._view.setup
        setup.more.button.setChecked(True)  # where it is filled in
        if remedy.way is not None:
            setup.stack.part.choose("whole")
            setup.stack.way.choose(remedy.way)
        if remedy.area is not None:
            setup.region.area.choose(remedy.area)
        if remedy.area == "rectangle":
            self._draw()

    def _on_image(self) -> None:
        layer = self._view.setup.image.thing
        if layer != self._image:
            # Channels were chosen for the other one.
            self._image = layer
            self._view.setup.channels.check(())
        deep = layer is not None and layer.ndim > 2
        self._view.setup.stack.offer(describe_image(layer, self._viewer.dims) if deep else None)
        others = [each for _, each in self._watch.images()]
        self._view.setup.offer_channels([(e.name, e) for e in partners(layer, others)])

    def _draw(self) -> None:
        source = self._view.setup.image.thing
        if source is not None:
            draw_rectangle(self._viewer, source)
            self._follow_rectangle(rectangle_layer(self._viewer))

    def _follow_rectangle(self, shapes: Any) -> None:
        if self._shapes is not None:
            self._shapes.events.data.disconnect(self._on_rectangle)
        self._shapes = shapes
        if shapes is not None:
            shapes.events.data.connect(self._on_rectangle)

    def _on_rectangle(self, event: object = None) -> None:
        self._view.setup.changed.emit()

    def _add_scribbles(self) -> None:
        setup = self._view.setup
        source = setup.image.thing
        if source is not None:
            # One scribbles on the image, not on labels, unless they follow.
            hide_earlier(self._viewer, source.name, but=self._acted_on())
            picture = describe_image(source, self._viewer.dims)
            form = setup.form(self._threads())
            n_classes = form.method(**form.values).n_classes
            setup.scribbles.choose(add_scribbles(self._viewer, source, picture, n_classes))
