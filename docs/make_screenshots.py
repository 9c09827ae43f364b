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
import zarr
from napari.layers import Labels
from PIL import Image
from qtpy.QtWidgets import QApplication, QWidget

from napari_selfseg.cli import main as command
from napari_selfseg.samples import fluorescence_nuclei, histology
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
LEGEND: Final = 210  # pixels high
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
        if name == "evaluate":
            evaluated(viewer, dock)
        save(dark_and_light(viewer, dock), f"dock_{name}.webp")
        viewer.window.remove_dock_widget(frame)
    opening(viewer, folder)
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
    save(dark_and_light(viewer, dock.view.result.legend, (DOCK[0], LEGEND)), "dock_legend.webp")
    dock.view.result.measure.click()
    until(lambda: not dock.busy)
    whole(viewer, "dock_table.webp")
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
    for theme, name in (("light", "dock_compare_light.webp"), ("dark", "dock_compare.webp")):
        viewer.theme = theme
        until(lambda: True)
        shown = np.asarray(viewer.screenshot(canvas_only=False, flash=False))[..., :3]
        save(shown, name, quality=30)
    dock.back()
    viewer.window.remove_dock_widget(frame)


def opening(viewer: Any, folder: Path) -> None:
    """Segment an OME-Zarr into itself, and take a picture of what napari then opens."""
    ((nuclei, _, _),) = fluorescence_nuclei()
    path = folder / "nuclei.ome.zarr"
    group = zarr.open_group(path, mode="w")
    datasets = []
    for level, step in enumerate((1, 2)):
        pixels = nuclei[::step, ::step]
        group.create_array(str(level), shape=pixels.shape, dtype=pixels.dtype)[:] = pixels
        scale = {"type": "scale", "scale": [0.5 * step, 0.5 * step]}
        datasets.append({"path": str(level), "coordinateTransformations": [scale]})
    axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "yx"]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    command(["segment", str(path), "--as", "objects", "--into-image", "nuclei"])
    viewer.layers.clear()
    viewer.open(path, plugin="napari-selfseg")
    viewer.reset_view()
    whole(viewer, "into_image.webp")


def whole(viewer: Any, name: str) -> None:
    """Take a picture of the whole window, once it is laid out."""
    until(lambda: True)
    save(np.asarray(viewer.screenshot(canvas_only=False, flash=False))[..., :3], name)


def evaluated(viewer: Any, dock: Any) -> None:
    """Compare the labels of two runs, as if one of them were right."""
    labels = [each for each in viewer.layers if isinstance(each, Labels)]
    dock.view.labels.check(labels[:1])
    dock.view.truths.check(labels[1:2])
    dock.view.run.click()
    until(lambda: not dock.live)


def dark_and_light(viewer: Any, widget: QWidget, size: tuple[int, int] = DOCK) -> np.ndarray:
    """Return the picture of a dock, or of a part of one, in both themes beside each other."""
    found: list[np.ndarray] = []
    for theme in ("light", "dark"):
        viewer.theme = theme
        until(lambda: True)
        found.insert(0, grabbed(widget, size))
    return np.hstack(found)


def grabbed(widget: QWidget, size: tuple[int, int]) -> np.ndarray:
    """Return the picture of a dock alone."""
    before = widget.size()
    widget.resize(*size)
    QApplication.processEvents()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "dock.png")
        widget.grab().save(path)
        widget.resize(before)
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
