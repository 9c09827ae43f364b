"""Take a picture of every dock: ``xvfb-run -a python docs/make_screenshots.py``.

Docks are opened in a real window on the histology sample, and the one that segments is run, so that
the pages show them as they are.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import napari
import numpy as np
from PIL import Image
from qtpy.QtWidgets import QApplication, QWidget

from napari_selfseg.samples import histology
from napari_selfseg.widgets.batch import BatchDock
from napari_selfseg.widgets.compare import CompareDock
from napari_selfseg.widgets.evaluate import EvaluateDock
from napari_selfseg.widgets.model.kept import presets, remembered
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.superpixels import SuperpixelsDock
from napari_selfseg.widgets.train import TrainDock

IMAGES: Final = Path(__file__).resolve().parent / "images"
WINDOW: Final = (1366, 768)  # of a small laptop
DOCK: Final = (360, 720)
PATIENCE: Final = 120.0


def main() -> None:
    """Take all pictures, or the one that is named."""
    folder = Path(tempfile.mkdtemp())
    # What whoever runs this has kept is neither shown nor changed.
    for module in (presets, remembered):
        module.default_path = lambda name=module.__name__: folder / f"{name}.json"  # type: ignore[attr-defined]
    viewer = napari.Viewer(title="Self-Segmentation")
    viewer.window.resize(*WINDOW)
    for data, settings, _ in histology():
        viewer.add_image(data, **settings)
    segmenting(viewer)
    comparing(viewer)
    others = {
        "superpixels": SuperpixelsDock,
        "train": TrainDock,
        "batch": BatchDock,
        "evaluate": EvaluateDock,
    }
    for name, kind in others.items():
        dock = kind(viewer)
        frame = viewer.window.add_dock_widget(dock, name=name.capitalize(), area="right")
        until(lambda dock=dock: not dock._tasks.busy)
        save(grabbed(dock), f"dock_{name}.webp")
        viewer.window.remove_dock_widget(frame)
    viewer.close()


def segmenting(viewer: Any) -> None:
    """Take pictures of the whole window: simple, with all there is, with the tour, after a run."""
    dock = SegmentDock(viewer)
    frame = viewer.window.add_dock_widget(dock, name="Segment", area="right")
    until(lambda: dock.loaded and not dock.busy)
    whole(viewer, "dock_simple.webp")
    more = dock.view.setup.more.button
    more.click()
    whole(viewer, "dock_more.webp")
    more.click()
    dock.take_tour()
    whole(viewer, "dock_tour.webp")
    dock._tour.end()
    dock.start()
    until(lambda: not dock.busy)
    whole(viewer, "dock_segment.webp")
    viewer.theme = "light"
    whole(viewer, "dock_light.webp")
    viewer.theme = "dark"
    viewer.window.remove_dock_widget(frame)


def comparing(viewer: Any) -> None:
    """Compare few segments with many, and take a picture of the whole window."""
    segment = SegmentDock(viewer)
    frame = viewer.window.add_dock_widget(segment, name="Segment", area="right")
    until(lambda: segment.loaded)
    for granularity in (0.3, 0.5):
        segment.view.setup.fill({"granularity": granularity})
        segment.start()
        until(lambda: not segment.busy)
    viewer.window.remove_dock_widget(frame)
    dock = CompareDock(viewer)
    frame = viewer.window.add_dock_widget(dock, name="Compare two results", area="right")
    dock.start()
    until(lambda: dock.up)
    shown = np.asarray(viewer.screenshot(canvas_only=False, flash=False))[..., :3]
    save(shown, "dock_compare.webp", quality=30)
    dock.back()
    viewer.window.remove_dock_widget(frame)


def whole(viewer: Any, name: str) -> None:
    """Take a picture of the whole window, once it is laid out."""
    until(lambda: True)
    save(np.asarray(viewer.screenshot(canvas_only=False, flash=False))[..., :3], name)


def grabbed(dock: QWidget) -> np.ndarray:
    """Return the picture of a dock alone."""
    dock.resize(*DOCK)
    QApplication.processEvents()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "dock.png")
        dock.grab().save(path)
        return np.asarray(Image.open(path).convert("RGB"))


def until(done: Callable[[], bool]) -> None:
    """Let Qt work until something is so."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            sys.exit("The dock did not come to an end.")
        QApplication.processEvents()
        time.sleep(0.01)
    for _ in range(50):
        QApplication.processEvents()
        time.sleep(0.01)


def save(picture: np.ndarray, name: str, quality: int = 55) -> None:
    """Write a picture, small."""
    path = IMAGES / name
    Image.fromarray(np.ascontiguousarray(picture)).save(path, quality=quality, method=6)
    print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
