"""Do borders lie where the objects end? Labels of superpixels, and those that follow the image.

    python benchmarks/outlines.py [--sets SET ...] [--images 8] [--segments 120] [--pictures DIR]

Segments every image with the defaults, once, and compares the labels made of superpixels with those
whose outlines follow the image: their borders with those of the truth within one pixel, and the
metrics of the kind of set; nuclei sets are cut to their central 360 pixels. A line a figure: means,
and differences paired by image with their standard error. Then processor seconds of the run, and
the share of them that outlines take.
``--pictures`` writes both outlines at 400 %. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from _scores import METRICS, figures
from _sets import SETS, Case
from PIL import Image

from napari_selfseg import segment
from napari_selfseg.consensus import Consensus
from napari_selfseg.metrics import boundary_match

NUCLEI = ("dsb2018_fluo", "dsb2018_histology", "dsb2018_brightfield")
TOLERANCE = 1.0001  # pixels
ZOOM = 4

Row = dict[str, tuple[float, float]]


def main() -> None:
    """Print the lines of each set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", default=NUCLEI, choices=SETS)
    parser.add_argument("--images", type=int, default=8, help="of each set, evenly spaced")
    parser.add_argument("--segments", type=int, default=0, help="how many; 0 for its own number")
    parser.add_argument("--pictures", type=Path)
    args = parser.parse_args()
    _compile()
    for name in args.sets:
        rows = list(_rows(name, args))
        for figure in rows[0]:
            pairs = np.array([row[figure] for row in rows])
            if figure == "seconds":
                share = (pairs[:, 1] / pairs[:, 0]).mean()
                print(f"{name}: run {pairs[:, 0].mean():.2f} s, outlines {share:.1%} of that")
                continue
            (before, after), differ = pairs.mean(axis=0), pairs[:, 1] - pairs[:, 0]
            error = differ.std(ddof=1) / len(rows) ** 0.5
            print(
                f"{name} ({len(rows)}) {figure}: {before:.3f} -> {after:.3f} "
                f"({differ.mean():+.4f} ± {error:.4f})",
                flush=True,
            )


def _compile() -> None:
    """Leave what happens once in an installation or a process out of the seconds."""
    noise = np.random.default_rng(0).random((64, 64, 3))
    segment(noise, Consensus(), channel_axis=-1).labels(outlines="image")


def _rows(name: str, args: argparse.Namespace) -> Iterator[Row]:
    method = Consensus(n_segments=args.segments)
    chosen = SETS[name].central(360) if name in NUCLEI else SETS[name]
    names = chosen.names()
    for image in names[:: max(len(names) // args.images, 1)][: args.images]:
        case = Case(chosen, image)
        start = time.process_time()
        run = segment(case.image.data, method, channel_axis=case.image.channel_axis)
        before, half = run.labels(), time.process_time()
        after = run.labels(outlines="image")
        took = half - start, time.process_time() - half
        pairs = zip(_figures(before, case).items(), _figures(after, case).values(), strict=True)
        yield {**{figure: (one, other) for (figure, one), other in pairs}, "seconds": took}
        if args.pictures is not None:
            args.pictures.mkdir(parents=True, exist_ok=True)
            both = np.concatenate([_drawn(case.scaled, each) for each in (before, after)], axis=1)
            Image.fromarray(both).save(args.pictures / f"{name}_{image}.png")


def _figures(labels: np.ndarray, case: Case) -> dict[str, float]:
    diagonal = float(np.hypot(*labels.shape))
    borders = boundary_match(labels, case.truths, tolerance=TOLERANCE / diagonal)
    raw = figures(labels, case, finds_objects=False)
    metrics = {
        each.title: each.combine(np.array([[raw[column] for column in each.columns]]))
        for each in METRICS[case.of.kind]
    }
    return {"precision": borders.precision, "recall": borders.recall, **metrics}


def _drawn(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    grey = image if image.shape[-1] == 3 else image[..., :1].repeat(3, axis=-1)
    bright = (255 * np.clip(grey / np.quantile(grey, 0.999), 0, 1) ** 0.5).astype(np.uint8)
    large, of = (each.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1) for each in (bright, labels))
    large[:-1][of[:-1] != of[1:]] = (255, 255, 0)
    large[:, :-1][of[:, :-1] != of[:, 1:]] = (255, 255, 0)
    return large


if __name__ == "__main__":
    main()
