"""The Set-up page of the Segment dock: the image and what is wanted of it, and all the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QWidget

from napari_selfseg.widgets.model.choices import PRECISIONS, Choices
from napari_selfseg.widgets.model.kept.presets import Presets
from napari_selfseg.widgets.model.state import NO_IMAGE, Form
from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.choosers import Checklist, Chooser, LayerChooser, titled
from napari_selfseg.widgets.parts.keeping import Kept
from napari_selfseg.widgets.parts.panels import Fold, Pages, beside, filled, rows
from napari_selfseg.widgets.parts.style import LOADING, afresh, allow, allow_all, button
from napari_selfseg.widgets.views.class_names import ClassNames
from napari_selfseg.widgets.views.goal_view import GoalView
from napari_selfseg.widgets.views.method.method_links import About
from napari_selfseg.widgets.views.preset_bar import PresetBar
from napari_selfseg.widgets.views.region_view import RegionView
from napari_selfseg.widgets.views.stack_view import StackView
from napari_selfseg.widgets.views.tour_line import HELP as TOUR
from napari_selfseg.widgets.views.tour_line import TourLine

__all__ = ["SetupView"]

SUGGESTED: Final = "As the method suggests"
NO_SCRIBBLES: Final = "None: without annotation"
SCRIBBLE_HELP: Final = (
    "A few strokes that say what is what: label 1 for the first class, 2 for the second... "
    "Drawn after a run, they act on its segments at once."
)


class SetupView(QWidget):
    """What is chosen before a run."""

    changed = Signal()
    refused = Signal(str)

    def __init__(self, presets: Presets) -> None:
        super().__init__()
        self.goal = GoalView()
        self.image = LayerChooser("The image to segment.", nothing="No image is open")
        self.channels = Checklist("Layers of the same size that are further channels of the image.")
        self.stack = StackView()
        self.region = RegionView()
        self.superpixels = Chooser(
            "Superpixels: small regions that keep one label each, from an algorithm (such as SLIC) "
            "or from a labels layer."
        )
        self.scribbles = Chooser(SCRIBBLE_HELP)
        self.new_scribbles = button("New", "Add a layer to scribble on.")
        self.class_names = ClassNames()
        self.method = Chooser("How to segment.")
        self.reset = button("Reset", "Put the defaults of the method back.")
        self.about = About()
        self.device = Chooser("Where to compute; auto takes a graphics card if there is one.")
        self.precision = Chooser("Auto takes bfloat16 where it is faster, float32 elsewhere.")
        called(self.channels, "More channels")
        self.afresh = afresh()
        self.tour, self.take_tour = TourLine(), button("Tour", TOUR)
        self._channel_fold = Fold("More channels", self.channels)
        self._choices: Choices | None = None
        self._method_pages = Pages()
        self._superpixel_pages = Pages()
        self._superpixel_fold = Fold("Settings of the pieces", self._superpixel_pages)
        self.presets = PresetBar(presets, lambda: self.values)
        self.more = Fold("More", self._rest())
        self._lay_out()
        self._prepare()
        self._connect()

    @property
    def loaded(self) -> bool:
        """Whether there are methods to choose from."""
        return self._choices is not None

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of the chosen method; none before there is one."""
        page = self._method_pages.current
        return page.values() if page else {}

    @property
    def kept(self) -> Kept:
        """What is remembered: what does not depend on the image."""
        return {
            "method": self.method,
            "values": self._method_pages,
            "superpixels": self.superpixels,
            "superpixel values": self._superpixel_pages,
            "device": self.device,
            "precision": self.precision,
            # Of two that exclude each other only one can be pressed, and none let go.
            "objects": self.goal.for_objects,
            "segments": self.goal.for_segments,
            "more": self.more.button,
        }

    def populate(self, choices: Choices, device: str) -> None:
        """Offer the methods, algorithms and devices there are.

        `device` is chosen first, where there is one of that name.
        """
        self._choices = choices
        self._method_pages.fill(choices.methods)
        self._superpixel_pages.fill(choices.superpixels)
        self.method.offer(titled(choices.methods))
        self.method.choose(choices.default)
        self._turn_goal()
        self.device.offer_words(choices.devices)
        self.device.choose(device)
        self.offer_labels([])
        self._allow("")

    def offer_labels(self, layers: Sequence[tuple[str, Any]]) -> None:
        """Offer the algorithms there are, and labels layers wherever one can be used."""
        if self._choices is None:
            return
        given = [(f"Layer: {name}", layer) for name, layer in layers]
        made = titled(self._choices.superpixels)
        self.superpixels.offer([(SUGGESTED, None), *made, *given])
        self.scribbles.offer([(NO_SCRIBBLES, None), *given])
        self.region.offer_labels(given)

    def form(self, threads: int) -> Form:
        """Return what is filled in; `threads` of 0 leave one core to the window.

        Raises
        ------
        RuntimeError
            Before the methods are loaded.
        """
        if self._choices is None:
            raise RuntimeError("The methods are not loaded yet.")
        algorithm = self._superpixel_pages.current
        return Form(
            method=self.method.thing,
            values=self.values,
            superpixels=self.superpixels.thing if algorithm else None,
            superpixel_values=algorithm.values() if algorithm else {},
            part=self.stack.part.thing,
            area=self.region.area.thing,
            stack=self.stack.stacking,
            undecided=self.stack.undecided,
            void=self.region.rule,
            device=self.device.thing,
            precision=self.precision.thing,
            threads=threads or self._choices.threads,
            objects=self.goal.objects,
        )

    def fill(self, values: dict[str, Any]) -> None:
        """Fill in parameters of the chosen method; the others stay."""
        if page := self._method_pages.current:
            page.fill(values)

    def fill_superpixels(self, values: dict[str, Any]) -> None:
        """Fill in parameters of the chosen superpixel algorithm; the others stay."""
        if page := self._superpixel_pages.current:
            page.fill(values)

    def offer_channels(self, layers: Sequence[tuple[str, Any]]) -> None:
        """Offer layers as further channels; the list is hidden when there are none."""
        self.channels.offer(layers)
        self._channel_fold.setVisible(bool(layers))

    # What follows from a choice

    def _prepare(self) -> None:
        self.precision.offer_words(PRECISIONS)
        self.stack.offer(None)
        self.offer_channels([])
        self._allow(LOADING)
        for each in (self._superpixel_fold, self.class_names):
            each.hide()

    def _allow(self, reason: str) -> None:
        """Let all be chosen that needs the methods, or say why not."""
        for each in (self.method, self.reset, self.superpixels, self.device, self.precision):
            allow(each, reason)
        self.goal.allow(reason)
        for container in (self.presets, self.region):
            allow_all(container, reason)
        allow(self.scribbles, reason)
        self.allow_drawing()

    def allow_drawing(self) -> None:
        """Let the canvas be drawn on where there is an image, or say why not."""
        reason = "" if self.loaded else LOADING
        missing = NO_IMAGE if self.image.thing is None else ""
        for each in (self.new_scribbles, self.region.draw):
            allow(each, reason or missing)

    def _connect(self) -> None:
        self.reset.clicked.connect(self._reset)
        self.presets.chosen.connect(self.fill)
        self.presets.refused.connect(self.refused)
        self.method.chosen.connect(self._turn_method)
        self.goal.chosen.connect(self._turn_goal)
        self.superpixels.chosen.connect(self._turn_superpixels)
        self.image.chosen.connect(self.allow_drawing)
        self.scribbles.chosen.connect(self._turn_scribbles)
        choosers = (self.image, self.stack, self.region, self.superpixels, self.scribbles)
        self.goal.chosen.connect(self.changed)
        for each in (*choosers, self.channels, self.method, self.device, self.precision):
            each.chosen.connect(self.changed)
        for pages in (self._method_pages, self._superpixel_pages):
            pages.changed.connect(self.changed)

    def _reset(self) -> None:
        if page := self._method_pages.current:
            page.reset()

    def _turn_method(self) -> None:
        kind = self.method.thing
        self._method_pages.turn_to(kind)
        if kind is not None:
            # Who chooses the method that finds objects wants them.
            self.goal.show_method(finds_objects=kind.instances)
            self.presets.turn_to(kind)
            self.stack.suit(kind.ndims)
            self.about.turn_to(kind)
            self.class_names.offer_refusing("kinds" in self.values)

    def _turn_goal(self) -> None:
        """Choose the method for what is wanted, unless somebody chose another one."""
        choices, kind = self._choices, self.method.thing
        if choices is None:
            return
        if self.goal.objects and kind is choices.default:
            self.method.choose(choices.objects)
        elif not self.goal.objects and kind is not None and kind.instances:
            self.method.choose(choices.default)

    def _turn_superpixels(self) -> None:
        self._superpixel_pages.turn_to(self.superpixels.thing)
        self._superpixel_fold.setVisible(self._superpixel_pages.current is not None)

    def _turn_scribbles(self) -> None:
        self.class_names.setVisible(self.scribbles.thing is not None)

    # What lies where

    def _lay_out(self) -> None:
        filled(
            self,
            "Image",
            beside(self.image, self.image.follow, first=3),
            self.goal,
            self.stack,
            self.tour,
            self.more,
        )

    def _rest(self) -> QWidget:
        """Return all that need not be looked at before a run."""
        where = [("Device", self.device), ("Precision", self.precision)]
        return filled(
            QWidget(),
            self._channel_fold,
            self.region,
            "Scribbles",
            beside(self.scribbles, self.new_scribbles, first=3),
            self.class_names,
            "Method",
            beside(self.method, self.reset, first=3),
            self.about,
            self.presets,
            self._method_pages,
            "Small starting pieces",
            self.superpixels,
            self._superpixel_fold,
            Fold("Device and precision", rows(where)),
            beside(self.take_tour, self.afresh),
        )
