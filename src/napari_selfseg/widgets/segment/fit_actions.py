"""What was learned: by the last run, or read from a file; kept, and applied to other images."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from napari_selfseg.widgets.canvas.apply import Application, add_applied, add_smoothed
from napari_selfseg.widgets.canvas.layers import describe_image
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.parts.dialogs import ask_open, ask_save
from napari_selfseg.widgets.views.view import SegmentView
from napari_selfseg.widgets.work.finished_run import Outcome
from napari_selfseg.widgets.work.task import Begin

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit

__all__ = ["FitActions"]

FILES: Final = "Fits (*.safetensors)"
SUGGESTED: Final = "fit.safetensors"
NO_TARGET: Final = "Open an image to apply this to."


class FitActions:
    """The fit at hand and its buttons.

    Parameters
    ----------
    live : callable
        Returns whether a run is live.
    label : callable
        Called with an image layer and a request: labels it by tiles where it is too large for
        memory, and returns whether it does.
    changed : callable
        Called when there is another fit.

    Attributes
    ----------
    fit : Fit or None
        What was learned.
    of_run : bool
        Whether the last run learned it.
    """

    def __init__(
        self,
        viewer: Any,
        view: SegmentView,
        begin: Begin,
        threads: Callable[[], int],
        live: Callable[[], bool],
        label: Callable[[Any, Request], bool],
        changed: Callable[[], None],
    ) -> None:
        self.fit: Fit | None = None
        self.of_run = False
        self._superpixels: Any = None
        self._viewer = viewer
        self._view = view
        self._begin = begin
        self._threads = threads
        self._live, self._label, self._changed = live, label, changed
        view.result.save_fit.clicked.connect(self._save)
        view.result.load_fit.clicked.connect(self._load)
        view.result.apply.clicked.connect(self._apply)
        view.result.smooth.clicked.connect(self._smooth)

    def take_from(self, outcome: Outcome | None) -> None:
        """Take what a run learned; one that was ended without its closing pass has nothing."""
        # One that learned nothing leaves what was learned before.
        with contextlib.suppress(ValueError):
            if outcome is not None:
                fit, self.of_run = outcome.run.fit, True
                self.put(fit, outcome.request.superpixels)

    def put(self, fit: Fit | None, superpixels: Any = None) -> None:
        """Work on another fit, or on none.

        `superpixels` are the algorithm whose superpixels vote; anything else takes what the method
        suggests.
        """
        self.fit = fit
        self._superpixels = superpixels
        words, smooths = "", False
        if fit is not None:
            from napari_selfseg.protocol import Smoothing

            smooths = isinstance(fit.method, Smoothing)
            channels = "1 channel" if fit.in_channels == 1 else f"{fit.in_channels} channels"
            words = f"{fit.method.title}, {channels}, {fit.ndim}-D: {len(fit.classes)} classes."
            self._view.result.suggest_outlines(fit.method.outlines)
        self._view.result.show_fit(words, smooths)
        self._changed()

    def _save(self) -> None:
        fit = self.fit
        path = ask_save(self._view, "Save model", SUGGESTED, FILES)
        if fit is None or not path:
            return

        def work() -> None:
            from napari_selfseg.io import save_fit

            save_fit(fit, path)

        self._begin(work, lambda _: self._say(f"Saved: {path}"), "Saving the fit")

    def _load(self) -> None:
        path = ask_open(self._view, "Load model", FILES)
        if not path:
            return

        def work() -> Fit:
            from napari_selfseg.io import load_fit

            return load_fit(path)

        def put(fit: Fit) -> None:
            self.of_run = False
            self.put(fit)
            self._say(f"Loaded: {path}")

        self._begin(work, put, "Loading the fit")

    def _apply(self) -> None:
        if (found := self._application()) is None:
            return
        done, source = found
        if not self._live() and self._label(source, done.request):
            return

        def put(labelled: tuple[Any, dict[str, Any]]) -> None:
            add_applied(self._viewer, source, done.fit.method, done.index, *labelled)
            self._say(f"Labelled {source.name} with the classes of the fit.")

        self._say(f"Labelling {source.name}...")
        self._begin(done, put, "Labelling")

    def _smooth(self) -> None:
        if (found := self._application()) is None:
            return
        done, source = found

        def put(image: Any) -> None:
            add_smoothed(self._viewer, source, done, image)
            self._say(f"Smoothed {source.name}: the Superpixels dock can cut it.")

        self._say(f"Smoothing {source.name}...")
        self._begin(done.smoothed, put, "Smoothing")

    def _application(self) -> tuple[Application, Any] | None:
        """Return the fit with the image chosen for it, and that image's layer."""
        fit, source = self.fit, self._view.result.target.thing
        if fit is None:
            return None
        if source is None:
            self._view.controls.show_error(NO_TARGET)
            return None
        setup = self._view.setup
        channels = setup.channels.things if source == setup.image.thing else ()
        picture = describe_image(source, self._viewer.dims, channels)
        device, threads = setup.device.thing, self._threads()
        rule = setup.region.rule
        outlines = self._view.result.outlines.thing
        if outlines != fit.method.outlines:
            fit = replace(fit, method=fit.method.replace(outlines=outlines))
        return Application(fit, picture, device, threads, self._voting(fit), rule), source

    def _voting(self, fit: Fit) -> Any:
        suggested = fit.method.default_superpixels()
        chosen = suggested is not None and callable(self._superpixels)
        return self._superpixels if chosen else suggested

    def _say(self, sentence: str) -> None:
        self._view.controls.say(sentence)
