"""Do borders lie where the objects end? Borders of labels before and after the last step.

    python benchmarks/outlines.py [--sets SET ...] [--images 8] [--segments 120] [--pictures DIR]

Segments every image with the defaults, and matches the borders of the labels with those of the
truth within one pixel, as they are and after `napari_selfseg.outlines.refined`; nuclei sets are cut
to their central 360 pixels. A line a set: means, and differences paired by image with their
standard error. ``--pictures`` writes both outlines at 400 %. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from _sets import SETS, Case
from PIL import Image

from napari_selfseg import segment
from napari_selfseg.colours import lab
from napari_selfseg.consensus import Consensus
from napari_selfseg.metrics import boundary_match
from napari_selfseg.outlines import refined

NUCLEI = ("dsb2018_fluo", "dsb2018_histology", "dsb2018_brightfield")
TOLERANCE = 1.0001  # pixels
ZOOM = 4


def main() -> None:
    """Print a line a set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", default=NUCLEI, choices=SETS)
    parser.add_argument("--images", type=int, default=8, help="of each set, evenly spaced")
    parser.add_argument("--segments", type=int, default=0, help="how many; 0 for its own number")
    parser.add_argument("--pictures", type=Path)
    args = parser.parse_args()
    for name in args.sets:
        rows = np.array(list(_rows(name, args)))
        before, after, seconds = rows[:, :2], rows[:, 2:4], rows[:, 4].mean()
        error = (after - before).std(axis=0, ddof=1) / len(rows) ** 0.5
        for k, figure in enumerate(("precision", "recall")):
            print(
                f"{name} ({len(rows)}) {figure}: {before[:, k].mean():.3f} -> "
                f"{after[:, k].mean():.3f} ({(after - before)[:, k].mean():+.4f} ± {error[k]:.4f})"
            )
        print(f"{name}: {seconds:.2f} s an image")


def _rows(name: str, args: argparse.Namespace) -> Iterator[tuple[float, ...]]:
    method = Consensus(n_segments=args.segments)
    chosen = SETS[name].central(360) if name in NUCLEI else SETS[name]
    names = chosen.names()
    for image in names[:: max(len(names) // args.images, 1)][: args.images]:
        case = Case(chosen, image)
        data, axis = case.image.data, case.image.channel_axis
        labels = np.asarray(segment(data, method, channel_axis=axis).labels())
        start = time.process_time()
        found = refined(labels, lab(case.scaled))
        seconds = time.process_time() - start
        yield (*_figures(labels, case), *_figures(found, case), seconds)
        if args.pictures is not None:
            args.pictures.mkdir(parents=True, exist_ok=True)
            both = np.concatenate([_drawn(case.scaled, each) for each in (labels, found)], axis=1)
            Image.fromarray(both).save(args.pictures / f"{name}_{image}.png")


def _figures(labels: np.ndarray, case: Case) -> tuple[float, float]:
    diagonal = float(np.hypot(*labels.shape))
    found = boundary_match(labels, case.truths, tolerance=TOLERANCE / diagonal)
    return found.precision, found.recall


def _drawn(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    grey = image if image.shape[-1] == 3 else image[..., :1].repeat(3, axis=-1)
    bright = (255 * np.clip(grey / np.quantile(grey, 0.999), 0, 1) ** 0.5).astype(np.uint8)
    large, of = (each.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1) for each in (bright, labels))
    large[:-1][of[:-1] != of[1:]] = (255, 255, 0)
    large[:, :-1][of[:, :-1] != of[:, 1:]] = (255, 255, 0)
    return large


if __name__ == "__main__":
    main()
