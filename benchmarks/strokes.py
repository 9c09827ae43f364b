"""Does a name go where its strokes lie? Two classes drawn on five real images, three methods.

    python benchmarks/strokes.py [--later 4]

On the two largest regions of each ground truth strokes three pixels wide are drawn, as classes 3
and 7. Counted are the pixels of strokes that lie in a label other than their class, over every
iteration kept and over cuts from the fewest to the most segments (wanted: 0), and labels that hold
strokes of both classes. IoU of the two labels says how far strokes carry. With --later, on so many
images of each of six sets, strokes drawn before a run of Consensus against those drawn after it,
which bind its tree: mean IoU at its own cut, and with twice as many segments. Data come from
SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from _sets import SETS, Case
from scipy import ndimage
from skimage.draw import line

from napari_selfseg import DIC, Backprop, Consensus, Run, segment
from napari_selfseg.catalogue import PIECES, over_segment
from napari_selfseg.protocol import Method

IMAGES = (
    ("dubai_mbrsc", "t1_9"),
    ("dsb2018_histology", "708eb41a3fc8f2b6"),
    ("dsb2018_fluo", "02903040e19ddf92"),
    ("bsds500-val", "102061"),
    ("brightfield_wbc", "011"),
)
LATER = (*dict.fromkeys(of for of, _ in IMAGES), "em_isbi2012")
METHODS: tuple[Method, ...] = (
    Consensus(iterations=10, seeds=1),
    Backprop(iterations=30, channels=30),
    DIC(iterations=10, width=16),
)
CLASSES = (3, 7)
STROKES = 3
BRUSH = np.ones((3, 3), bool)
CUTS = 12


def main() -> None:
    """Print a line an image and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--window", type=int, default=192, help="longest side in pixels")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--later", type=int, default=0, help="images of each set")
    args = parser.parse_args()
    if args.later:
        compare(args.later, args.window, args.seed)
        return
    print(f"{'image':20} {'method':10} maps  stray pixels  shared labels   IoU of the two")
    for of, name in IMAGES:
        case = Case(SETS[of].central(args.window), name)
        truth = _two(case)
        drawn = _strokes(truth, args.seed)
        for method in METHODS:
            run = segment(case.image.data, method, scribbles=drawn, **_axes(case))
            maps = list(_maps(run, case))
            stray = sum(int((each != drawn)[drawn > 0].sum()) for each in maps)
            shared = sum(_shared(each, drawn) for each in maps)
            iou = " ".join(f"{_iou(run.labels() == k, truth == k):.2f}" for k in CLASSES)
            print(
                f"{of:20} {method.name:10} {len(maps):4} {stray:13} {shared:14}   {iou}", flush=True
            )


def compare(images: int, window: int, seed: int) -> None:
    """Print a line an image, and the means."""
    rows = []
    print("image, segments: before the run, after it; with twice as many: before, after")
    for of in LATER:
        names = SETS[of].names()
        for name in names[:: max(1, len(names) // images)][:images]:
            case = Case(SETS[of].central(window), name)
            truth = _two(case)
            drawn = _strokes(truth, seed)
            if len(np.unique(drawn)) <= len(CLASSES):
                continue
            before = segment(case.image.data, Consensus(), scribbles=drawn, **_axes(case))
            later = segment(case.image.data, Consensus(), **_axes(case)).hierarchy()
            n, bound = later.automatic, later.bound(drawn)
            trees = (before.hierarchy(), bound)
            maps = [each.cut(max(k, each.tree.fewest)) for k in (n, 2 * n) for each in trees]
            stray = sum(int((each != drawn)[drawn > 0].sum()) for each in maps)
            rows.append([_mean_iou(each, truth) for each in maps])
            print(
                f"{of:20} {n:4} ",
                *(f"{each:.3f}" for each in rows[-1]),
                f"stray {stray}",
                flush=True,
            )
    print(f"mean of {len(rows)}", *(f"{each:.3f}" for each in np.mean(rows, axis=0)))


def _mean_iou(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([_iou(found == k, truth == k) for k in CLASSES]))


def _axes(case: Case) -> dict[str, object]:
    return {"channel_axis": case.image.channel_axis}


def _two(case: Case) -> np.ndarray:
    """Number the two largest regions of the first ground truth 3 and 7, all else 0."""
    truth = case.truths[0].astype(int)
    if case.of.kind == "nuclei":
        truth = truth > 0
    numbers, counts = np.unique(truth, return_counts=True)
    kept = ~np.isin(numbers, case.of.ignore)
    largest = numbers[kept][np.argsort(-counts[kept], kind="stable")[:2]]
    return sum(k * (truth == each) for k, each in zip(CLASSES, largest, strict=True))


def _strokes(truth: np.ndarray, seed: int) -> np.ndarray:
    """Join random points of a region, and stay in it."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros(truth.shape, int)
    for k in CLASSES:
        points = np.argwhere(truth == k)
        for _ in range(STROKES):
            start, end = points[rng.integers(len(points), size=2)]
            stroke = np.zeros(truth.shape, bool)
            stroke[line(*start, *end)] = True
            drawn[ndimage.binary_dilation(stroke, BRUSH) & (truth == k)] = k
    return drawn


def _maps(run: Run, case: Case) -> Iterator[np.ndarray]:
    """Yield the labels of every iteration, and cuts at every granularity."""
    yield from (run.labels(iteration) for iteration in run.iterations)
    pieces = None
    if run.superpixels is None:
        pieces, _ = over_segment(case.image.data, PIECES, **_axes(case))
    found = run.hierarchy(superpixels=pieces)
    numbers = np.geomspace(found.tree.fewest, found.tree.most, CUTS).astype(int)
    yield from (found.cut(int(each)) for each in numbers)
    yield from (found.cut(), found.cut(bias=0.5))


def _shared(labels: np.ndarray, drawn: np.ndarray) -> int:
    one, other = (set(np.unique(labels[drawn == k]).tolist()) for k in CLASSES)
    return len(one & other)


def _iou(found: np.ndarray, truth: np.ndarray) -> float:
    return float((found & truth).sum() / max((found | truth).sum(), 1))


if __name__ == "__main__":
    main()
