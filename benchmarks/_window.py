"""A real napari window with the Segment dock, for benchmarks."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("SELFSEG_DATA") or PROJECT.parent / "shared" / "data")
SLIDES = DATA / "microscopy" / "dsb2018_brightfield" / "images"
PATIENCE = 600.0


def opened(image: np.ndarray, **of_layer: Any) -> tuple[Any, Any]:
    """Open a window with an image and the dock, and wait until both have settled."""
    # Not with the settings and presets of whoever runs this.
    os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp()
    os.environ["NAPARI_CONFIG"] = str(Path(os.environ["XDG_CONFIG_HOME"]) / "napari.yaml")
    import napari

    from napari_selfseg.widgets.segment.dock import SegmentDock

    viewer = napari.Viewer()
    viewer.window.resize(1400, 950)
    viewer.add_image(image, name="image", rgb=image.shape[-1] == 3, **of_layer)
    dock = SegmentDock(viewer)
    viewer.window.add_dock_widget(dock, name="Segment", area="right")
    wait_until(lambda: dock.loaded and dock.view.controls.estimate.isVisible() and not working())
    return viewer, dock


def working() -> int:
    """Return how many worker threads are at work."""
    from napari_selfseg.widgets.work import runner

    return len(runner.working())


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Let the event loop run until something is true."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop, timer = QEventLoop(), QTimer()
    end = time.perf_counter() + seconds

    def look() -> None:
        if condition() or time.perf_counter() > end:
            loop.quit()

    timer.timeout.connect(look)
    timer.start(20)
    loop.exec()
    timer.stop()
    if time.perf_counter() > end:
        raise TimeoutError(f"Not within {seconds:g} s.")


def picture(size: int) -> np.ndarray:
    """Return a square cut of a slide of cells, or, where there are no data, a drawn one."""
    found = sorted(SLIDES.glob("*.png"))
    if not found:
        return drawn(size)
    import imageio.v3 as iio

    image = iio.imread(found[0])[:size, :size]
    return np.ascontiguousarray(image if image.ndim == 2 else image[..., :3])


def drawn(size: int) -> np.ndarray:
    """Draw soft blobs in three colours with noise."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    blobs = gaussian_filter(rng.normal(size=(size, size, 3)), (size / 40, size / 40, 0))
    noisy = 128 + 60 * blobs / blobs.std() + rng.normal(scale=10, size=blobs.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def where() -> dict[str, Any]:
    """Return what tells this measurement from one made elsewhere or later."""
    import napari
    import torch
    from qtpy import API_NAME

    words = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty"]
    commit = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": commit,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "napari": napari.__version__,
        "qt": API_NAME,
        "torch": torch.__version__,
    }
