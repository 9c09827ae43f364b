"""From the press on Run to the first labels on the screen, and to sharper ones, in a real window.

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/first_look.py 321x481 2048x2048

Consensus as it is by default, mosaics of aerial images, one process a size; the run begins when
another has loaded what is compiled. A line each: seconds until labels of each kind were in the
layer and the canvas was drawn - the first look at a small picture, where there is one, and all that
the run shows - and what share of the pixels kept its colour each time.
``--pictures FOLDER`` saves what the window shows each time. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from _window import opened, wait_until, where
from blocks import mosaic
from qtpy.QtWidgets import QApplication


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shapes", nargs="+")
    parser.add_argument("--image", type=Path, help="instead of mosaics; a file")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.here:
        _measure(args.shapes[0], args.image, args.pictures)
        return
    for shape in args.shapes:
        words = [sys.executable, __file__, shape, "--here"]
        for name in ("image", "pictures"):
            words += [f"--{name}", str(given)] if (given := getattr(args, name)) else []
        subprocess.run(words, check=True)


def _measure(shape: str, file: Path | None, pictures: Path | None) -> None:
    height, width = map(int, shape.split("x"))
    image = _read(file) if file else mosaic((height, width))
    image = np.ascontiguousarray(image[:height, :width])
    _load(image[:200, :200])
    viewer, dock = opened(image)
    spent, began = time.process_time(), time.perf_counter()
    dock.start()
    session = dock._live.session
    layer, seen, colours = session.layer, [("nothing", 0.0, None)], list[np.ndarray]()

    def look() -> bool:
        early, latest = session._canvas._early, session._latest
        now = early if latest is None else latest
        if now is not seen[-1][2]:
            QApplication.processEvents()
            viewer.screenshot(canvas_only=True, flash=False)
            name = "first look" if latest is None else "labels of the run"
            seen.append((name, time.perf_counter() - began, now))
            _keep(viewer, pictures, f"{shape}_{len(seen) - 1}")
            colours.append(layer.colormap.map(np.asarray(layer.data)))
        return not dock.live

    wait_until(look)
    ended = time.perf_counter() - began
    pairs = itertools.pairwise(colours)
    same = [np.isclose(one, other).all(axis=-1).mean() for one, other in pairs]
    print(
        json.dumps(
            {
                **where(),
                "shape": image.shape[:2],
                "seconds": [(name, round(at, 2)) for name, at, _ in seen[1:]],
                "ended": round(ended, 2),
                "processor_seconds": round(time.process_time() - spent, 2),
                "colours_kept": [round(float(share), 3) for share in same],
            }
        ),
        flush=True,
    )
    viewer.close()


def _load(image: np.ndarray) -> None:
    import napari_selfseg as ss

    ss.segment(image, ss.Consensus(), channel_axis=-1, threads=1, device="cpu")


def _read(file: Path) -> np.ndarray:
    from napari_selfseg.io import read_image

    found = np.asarray(read_image(file).data)
    return found[..., :3] if found.ndim == 3 else np.repeat(found[..., None], 3, axis=-1)


def _keep(viewer: Any, folder: Path | None, name: str) -> None:
    if folder is not None:
        import imageio.v3 as iio

        folder.mkdir(parents=True, exist_ok=True)
        iio.imwrite(folder / f"{name}.png", viewer.screenshot(canvas_only=False, flash=False))


if __name__ == "__main__":
    main()
