"""What is one example worth? Objects with a stroke on one of them, and without.

    python benchmarks/one_example.py [--sets SET ...] [--half even|odd] [--out one_example.jsonl]

Whole images; label 0 is background. The stroke is a line inside one true object, the middle third
of its longer axis, and nothing else is told: *median* on the object of median size, *random* on one
drawn by the seed 0. *none* is what `benchmarks/objects.py` has found, which is run before. A JSON
line an image; those that are there are kept. Then, set by set, means over images and differences
to *none*, paired by image, with their standard error; *shown* is how often the object that was
shown is found (IoU of .5), and seconds are of processor time. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from _scores import object_scores
from _sets import PROJECT, SETS, Case
from objects import CLASSES, NUCLEI, ONE
from scipy import ndimage as ndi
from skimage.draw import line
from skimage.measure import label

from napari_selfseg import Objects, segment

FIGURES = ("f1", "ap50", "map", "aji")
WAYS = ("median", "random")
RESULTS = PROJECT / "benchmarks/results"
SMALLEST = 20
SAME = 0.5


def main() -> None:
    """Fill the file, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", default=NUCLEI, choices=SETS)
    parser.add_argument("--half", choices=("even", "odd"), help="every second image")
    parser.add_argument("--out", type=Path, default=RESULTS / "one_example.jsonl")
    args = parser.parse_args()
    for name in args.sets:
        names = SETS[name].names()
        if args.half:
            names = names[args.half == "odd" :: 2]
        _print(name, [_row(args.out, Case(SETS[name], each)) for each in names])


def _row(out: Path, case: Case) -> dict[str, dict[str, float]]:
    for text in out.read_text().splitlines() if out.exists() else ():
        row = json.loads(text)
        if (row["set"], row["image"]) == (case.of.name, case.name):
            return row["found"]
    truth = case.truths[0]
    if case.of.name in CLASSES:
        truth = label(truth == CLASSES[case.of.name], connectivity=1)
    found = {"none": _without(case)}
    for way in WAYS:
        shown = chosen(truth, way)
        same = way != WAYS[0] and shown == chosen(truth, WAYS[0])
        found[way] = found[WAYS[0]] if same else _figures(case, truth, shown)
    with out.open("a") as lines:
        print(json.dumps({"set": case.of.name, "image": case.name, "found": found}), file=lines)
    return found


def _without(case: Case) -> dict[str, float]:
    for text in (RESULTS / "objects.jsonl").read_text().splitlines():
        row = json.loads(text)
        if (row["set"], row["image"]) == (case.of.name, case.name):
            return row["found"]["objects"]
    raise SystemExit(f"Run objects.py first: there is no {case.name} of {case.of.name}.")


def _figures(case: Case, truth: np.ndarray, shown: int) -> dict[str, float]:
    strokes, axis = stroke(truth, shown), case.image.channel_axis
    begun = time.process_time()
    run = segment(case.image.data, Objects(), scribbles=strokes, channel_axis=axis, **ONE)
    labels, seconds = run.labels(), time.process_time() - begun
    own = truth == shown
    here = np.bincount(labels[own], minlength=1)
    here[0] = 0
    there = labels == here.argmax()
    iou = np.count_nonzero(own & there) / np.count_nonzero(own | there)
    return {**object_scores(labels, truth), "shown": float(iou >= SAME), "seconds": seconds}


def chosen(truth: np.ndarray, way: str) -> int:
    """Return the true object of median size, or one drawn at random."""
    sizes = np.bincount(truth.ravel())
    numbers = np.flatnonzero(sizes[1:] >= SMALLEST) + 1
    if way == "random":
        return int(np.random.default_rng(0).choice(numbers))
    return int(numbers[np.argsort(sizes[numbers], kind="stable")[len(numbers) // 2]])


def stroke(truth: np.ndarray, number: int) -> np.ndarray:
    """Return a line inside a true object: the middle third of its longer axis."""
    own = truth == number
    at = np.argwhere(own).astype(float)
    centre = at.mean(axis=0)
    axis = np.linalg.eigh(np.cov((at - centre).T))[1][:, 1]
    along = (at - centre) @ axis
    middle, sixth = (along.max() + along.min()) / 2, np.ptp(along) / 6
    ends = [np.round(centre + axis * (middle + way)).astype(int) for way in (-sixth, sixth)]
    found = np.zeros(truth.shape, np.uint8)
    rows, columns = line(*ends[0], *ends[1])
    there = (rows >= 0) & (rows < own.shape[0]) & (columns >= 0) & (columns < own.shape[1])
    found[rows[there], columns[there]] = 1
    found[~own] = 0
    if not found.any():  # a crescent
        deepest = ndi.distance_transform_edt(own).argmax()
        found.ravel()[deepest] = 1
    return found


def _print(name: str, rows: list[dict[str, dict[str, float]]]) -> None:
    print(f"\n{name} ({len(rows)})\n\n| | F1 | AP50 | mAP | AJI | F1: difference | shown | s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for way in ("none", *WAYS):
        means = [f"{np.mean([row[way][figure] for row in rows]):.3f}" for figure in FIGURES]
        differ = np.array([row[way]["f1"] - row["none"]["f1"] for row in rows])
        error = differ.std(ddof=1) / len(rows) ** 0.5 if len(rows) > 1 else np.nan
        shown = "" if way == "none" else f"{np.mean([row[way]['shown'] for row in rows]):.2f}"
        seconds = np.median([row[way]["seconds"] for row in rows])
        cells = [*means, f"{differ.mean():+.3f} ± {error:.3f}", shown, f"{seconds:.1f}"]
        print(f"| {way} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
