"""The docks of the stress trial: how each is set up, and how it gets into each of its states."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

QUICK = {"iterations": 6, "channels": 8, "min_labels": 1}
ENDLESS = {"iterations": 100_000, "channels": 8, "min_labels": 1, "learning_rate": 1e-4}
LIVE = ("preparing", "live", "stopping", "ending")
STATES = {
    "image": ("loading", "estimating", *LIVE, "result", "slider", "segments", "objects"),
    "stack": ("loading", "estimating", *LIVE, "result"),
    "tiles": ("loading", "estimating", *LIVE, "result"),
    "superpixels": ("loading", "preparing", "result", "picking", "splitting"),
    "train": ("loading", "preparing", "live", "stopping", "result"),
    "batch": ("loading", "preparing", "live", "stopping", "result"),
    "evaluate": ("loading", "preparing", "result", "shown"),
}
SEGMENT = ("image", "stack", "tiles")


class Trial:
    """A dock of a kind in a viewer, brought into a state.

    Parameters
    ----------
    viewer : napari.Viewer
        Empty.
    kind : str
        One of `STATES`.
    rng : numpy.random.Generator
        What is left open is drawn from it.
    spin : callable
        Lets the event loop run for so many seconds.
    until : callable
        Lets it run until something is true, and says whether it became so.
    """

    def __init__(
        self,
        viewer: Any,
        kind: str,
        rng: np.random.Generator,
        spin: Callable[[float], None],
        until: Callable[[Callable[[], object]], bool],
    ) -> None:
        self.viewer, self.kind, self.rng = viewer, kind, rng
        self.spin, self.until = spin, until
        self.folder = Path(tempfile.mkdtemp(prefix="stress-"))
        self._add_layers()
        self.dock = self._made()
        self.frame = viewer.window.add_dock_widget(self.dock, name=kind, area="right")

    def reach(self, state: str) -> None:
        """Bring the dock into a state, or as near to it as it gets."""
        if state == "loading":
            self.spin(self.rng.uniform(0, 0.1))
            return
        self.until(lambda: self._loaded)
        self._set_up(QUICK if state in _ENDED else ENDLESS)
        if state == "estimating":
            self.spin(self.rng.uniform(0.2, 0.5))
            return
        self._start()
        if state in ("live", "stopping", "ending"):
            self.until(lambda: self._shown or not self.live)
        if state in ("stopping", "ending"):
            self.dock.stop()
            self.spin(0 if state == "stopping" else self.rng.uniform(0, 0.2))
        if state in _ENDED:
            self.until(lambda: not self.live)
            self._look_at(state)

    @property
    def live(self) -> bool:
        """Whether the dock is at work."""
        return bool(self.dock.live)

    @property
    def words(self) -> str:
        """What the dock says, and whether it is at work."""
        view = getattr(self.dock.view, "controls", self.dock.view)
        return f"{'live' if self.live else 'idle'}: {view.status.text()} {view.error.text()}"

    @property
    def _loaded(self) -> bool:
        if self.kind == "superpixels":
            return bool(self.dock.view.loaded)
        return self.kind == "evaluate" or bool(self.dock.loaded)

    @property
    def _shown(self) -> bool:
        if self.kind in SEGMENT:
            return bool(self.dock.view.controls.bar.value() > 0)
        return self.kind != "train" or len(self.viewer.layers) > 2

    def _made(self) -> Any:
        if self.kind in SEGMENT:
            from napari_selfseg.widgets.segment.dock import SegmentDock as Dock
        elif self.kind == "superpixels":
            from napari_selfseg.widgets.superpixels import SuperpixelsDock as Dock
        elif self.kind == "train":
            from napari_selfseg.widgets.train import TrainDock as Dock
        elif self.kind == "batch":
            from napari_selfseg.widgets.batch import BatchDock as Dock
        else:
            from napari_selfseg.widgets.evaluate import EvaluateDock as Dock
        return Dock(self.viewer)

    def _add_layers(self) -> None:
        shape = (5, 40, 48) if self.kind in ("stack", "train") else (64, 80)
        if self.kind == "tiles":
            shape = (300, 400)
        grey = self.rng.integers(0, 60, shape).astype(np.uint8)
        grey[..., shape[-1] // 2 :] += 120
        self.viewer.add_image(grey, name="image")
        if self.kind == "evaluate":
            for name in ("truth", "mine"):
                self.viewer.add_labels((grey // self.rng.integers(40, 90)) + 1, name=name)
        else:
            self.viewer.add_image(grey[..., ::-1].copy(), name="other")

    # What is filled in

    def _set_up(self, values: dict[str, Any]) -> None:
        from napari_selfseg.methods import Backprop

        image = next((each for each in self.viewer.layers if each.name == "image"), None)
        view = self.dock.view
        if self.kind in SEGMENT:
            self._set_up_segment(view.setup, values, image)
        elif self.kind == "superpixels":
            view.image.choose(image)
        elif self.kind == "train":
            view.source.choose(image)
            view.method.choose(Backprop)
            view._methods.current.fill(values)
            view.every.setValue(2)
            view.model.setText(str(self.folder / "model.safetensors"))
        elif self.kind == "batch":
            view.images.add_layers(
                [each for each in self.viewer.layers if each._type_string == "image"]
            )
            view.recipe.method.choose(Backprop)
            view.recipe.fill(values)
            view.folder.setText(str(self.folder / "out"))
        else:
            view.labels.check([each for each in self.viewer.layers if each.name == "mine"])
            view.truths.check([each for each in self.viewer.layers if each.name == "truth"])

    def _set_up_segment(self, setup: Any, values: dict[str, Any], image: Any) -> None:
        from napari_selfseg.methods import Backprop
        from napari_selfseg.superpixels import Slic

        setup.image.choose(image)
        consensus = self.kind == "image" and self.rng.random() < 0.1
        if not consensus:
            setup.method.choose(Backprop)
            setup.fill(values)
        setup.superpixels.choose(Slic)
        setup.fill_superpixels({"n_segments": 60})
        if self.kind == "stack":
            setup.stack.part.choose("whole")
        if self.kind == "tiles":
            setup.region.area.choose("tiles")
            self.dock._forecast._limit = 13_000_000  # a tile of 128 x 128 pixels, and no more

    def _start(self) -> None:
        self.dock.start()
        if self.kind == "tiles":  # an estimate comes first
            self.until(lambda: self.live or self._refused)

    @property
    def _refused(self) -> bool:
        return bool(self.dock.view.controls.error.text()) or not self.dock.busy

    # What is done with a result

    def _look_at(self, state: str) -> None:
        if state == "slider":
            self._drag_iterations()
        elif state == "segments":
            self.dock.view.controls.shown.segments.setChecked(True)
            self.until(lambda: self.dock.view.controls.shown.granularity.slider.isEnabled())
            self.drag()
        elif state == "objects":
            self.dock.view.result.kind.choose("objects")
            self.dock.view.result.measure.click()
        elif state in ("picking", "splitting"):
            tool = self.dock.view.pick if state == "picking" else self.dock.view.split
            tool.click()
            for _ in range(3):
                self.dock._desk._on_click(self.rng.uniform(0, 60, 2))
        elif state == "shown":
            self.dock.view.shown.setChecked(True)
            self.spin(self.rng.uniform(0, 0.3))

    def drag(self) -> None:
        """Move the slider of the segments to several places."""
        slider = self.dock.view.controls.shown.granularity.slider
        for _ in range(4 if slider.isEnabled() else 0):
            slider.setValue(int(self.rng.integers(0, slider.maximum() + 1)))
            self.spin(self.rng.uniform(0, 0.06))

    def _drag_iterations(self) -> None:
        for at in self.rng.permutation(5):
            self.dock.view.controls.timeline.go_to(int(at))
            self.spin(self.rng.uniform(0, 0.04))


_ENDED = ("result", "slider", "segments", "objects", "picking", "splitting", "shown")
