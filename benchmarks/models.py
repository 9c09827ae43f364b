"""Do models of a collection find its classes? SGSeg and its ablation, on whole sets.

    python benchmarks/models.py --set dubai_mbrsc --out benchmarks/results/models.jsonl
    python benchmarks/models.py --set em_drosophila_vnc --out ... --table

Each method learns on the first images of a set and labels the last ones, of which it saw nothing:
Dubai's tiles 1 to 3 and 4, sections 0 to 6 and 7 to 9. Segments are matched to classes one to one
over all checked images together, so that a class has to have the same number in each. k-means sees
the mean and the spread of colours in a small window; Backprop, as a method that has classes of each
image alone, is matched image by image, which is easier. A JSON line a method and seed; lines
already there are not computed again. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _sets import SETS, Case
from scipy import ndimage
from scipy.cluster.vq import kmeans2, vq
from skimage.color import rgb2lab

import napari_selfseg as ss
from napari_selfseg.metrics import Contingency, contingency, hungarian
from napari_selfseg.protocol import evolve

# How many of the sorted names are learned from; the others are checked.
LEARNED = {"dubai_mbrsc": 27, "em_drosophila_vnc": 7}
BACKBONES = ("none", "superpixels", "pointnet", "dgcnn", "diffgcn")
SAMPLE = 50_000
WINDOW = 2.0
Labelled = list[np.ndarray]


def main() -> None:
    """Fill the file of rows, or print the table."""
    args = _arguments()
    if args.table:
        _print([row for row in _rows(args.out) if row["set"] == args.set])
        return
    cases = [Case(SETS[args.set], name) for name in SETS[args.set].names()]
    images = [_shrunk(case.scaled, args.shrink) for case in cases]
    truths = [case.truths[0][:: args.shrink, :: args.shrink] for case in cases]
    n = LEARNED[args.set]
    k = len(np.setdiff1d(np.unique(np.concatenate([t.ravel() for t in truths])), _ignored(args)))
    for seed in range(args.seeds):
        for name, labelled in _methods(k, seed, args.iterations):
            key = {"set": args.set, "method": name, "seed": seed, "shrink": args.shrink}
            key |= {"iterations": args.iterations}
            if any(all(row[each] == key[each] for each in key) for row in _rows(args.out)):
                continue
            start = time.process_time()
            found = labelled(images[:n], images[n:])
            seconds = round(time.process_time() - start, 1)
            row = {**key, **_scored(found, truths[n:], _ignored(args)), "seconds": seconds}
            with args.out.open("a") as lines:
                lines.write(json.dumps(row) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", default="dubai_mbrsc", choices=LEARNED)
    parser.add_argument("--shrink", type=int, default=2, help="images so many times smaller")
    parser.add_argument("--iterations", type=int, default=400, help="of SGSeg")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--table", action="store_true", help="run nothing")
    return parser.parse_args()


def _rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def _ignored(args: argparse.Namespace) -> tuple[int, ...]:
    return SETS[args.set].ignore


def _shrunk(image: np.ndarray, factor: int) -> np.ndarray:
    """Average blocks of pixels."""
    rows, columns = (size // factor * factor for size in image.shape[:2])
    blocks = image[:rows, :columns].reshape(rows // factor, factor, columns // factor, factor, -1)
    return blocks.mean(axis=(1, 3)).astype(np.float32)


def _methods(
    k: int, seed: int, iterations: int
) -> Iterator[tuple[str, Callable[[Labelled, Labelled], Labelled]]]:
    yield "k-means", lambda seen, new: _clustered(seen, new, k, seed)
    yield "Backprop, each image alone", lambda _, new: _alone(new, k, seed)
    for backbone in BACKBONES:
        method = ss.SGSeg(
            classes=k, iterations=iterations, backbone=backbone, seed=seed, view_every=100_000
        )
        yield f"SGSeg, {backbone}", lambda seen, new, method=method: _learned(method, seen, new)


def _learned(method: Any, seen: Labelled, new: Labelled) -> Labelled:
    fit = evolve(seen, method, channel_axis=-1, threads=1).finish().fit
    return [fit.predict(each, channel_axis=-1, threads=1) for each in new]


def _alone(images: Labelled, k: int, seed: int) -> Labelled:
    """Label each image by itself: numbers that no two images share."""
    method = ss.Backprop(iterations=100, min_labels=k, seed=seed)
    found = [ss.segment(each, method, channel_axis=-1, threads=1).labels() for each in images]
    return [each.astype(np.int64) + 1000 * number for number, each in enumerate(found)]


def _clustered(seen: Labelled, new: Labelled, k: int, seed: int) -> Labelled:
    rng = np.random.default_rng(seed)
    points = np.concatenate([_features(each).reshape(-1, _width(each)) for each in seen])
    spread = points.std(axis=0) + 1e-6
    sample = points[rng.choice(len(points), min(SAMPLE, len(points)), replace=False)] / spread
    centres, _ = kmeans2(sample, k, minit="++", rng=rng)
    each = [_features(image).reshape(-1, _width(image)) / spread for image in new]
    shapes = [image.shape[:2] for image in new]
    return [vq(p, centres)[0].reshape(s) + 1 for p, s in zip(each, shapes, strict=True)]


def _width(image: np.ndarray) -> int:
    return 2 * image.shape[-1]


def _features(image: np.ndarray) -> np.ndarray:
    """Return mean and spread of each channel in a window."""
    colours = rgb2lab(image) if image.shape[-1] == 3 else 100 * image
    widths = (WINDOW, WINDOW, 0)
    mean = ndimage.gaussian_filter(colours, widths)
    square = ndimage.gaussian_filter(colours**2, widths)
    return np.concatenate([mean, np.sqrt(np.maximum(square - mean**2, 0))], axis=-1)


def _scored(found: Labelled, truths: Labelled, ignore: tuple[int, ...]) -> dict[str, float]:
    pairs = [(f, t[: f.shape[0], : f.shape[1]]) for f, t in zip(found, truths, strict=True)]
    tables: list[Contingency] = [contingency(f, t, ignore=ignore) for f, t in pairs]
    several = len({int(f.max()) // 1000 for f in found}) > 1
    scores = [hungarian(t) for t in tables] if several else [hungarian(Contingency.summed(tables))]
    weights = [t.total for t in tables] if several else [1]
    accuracy = float(np.average([each.accuracy for each in scores], weights=weights))
    mean_iou = float(np.average([each.mean_iou for each in scores], weights=weights))
    return {"accuracy": round(accuracy, 4), "mean_iou": round(mean_iou, 4)}


def _print(rows: list[dict[str, Any]]) -> None:
    print("| method | seeds | pixel accuracy | mean IoU | s |\n| --- | --- | --- | --- | --- |")
    for name in dict.fromkeys(row["method"] for row in rows):
        mine = [row for row in rows if row["method"] == name]
        parts = [_spread([row[key] for row in mine]) for key in ("accuracy", "mean_iou")]
        seconds = np.median([row["seconds"] for row in mine])
        print(f"| {name} | {len(mine)} | {' | '.join(parts)} | {seconds:.0f} |")


def _spread(values: list[float]) -> str:
    error = np.std(values, ddof=1) / len(values) ** 0.5 if len(values) > 1 else np.nan
    return f"{np.mean(values):.3f} ± {error:.3f}"


if __name__ == "__main__":
    main()
