"""How well are objects found? Objects, its first look, and what people use without it.

    python benchmarks/objects.py [--sets SET ...] [--half even|odd] [--out objects.jsonl]

Whole images; label 0 is background. *first* are the plausible objects before anything is learned,
*otsu* is a threshold (the smaller side), holes filled, divided by a watershed of the distance
(maxima 5 pixels apart), *pieces of Consensus* are segments of its own cut but for the largest, and
*pieces of Felzenszwalb* its regions of 20 pixels to a tenth of the image. A JSON line an image;
those that are there are kept. Then, set by set, means over images, differences of AP to *objects*
paired by image with their standard error, and seconds of processor time, one thread. Sets whose
truth is of classes are read as the connected pieces of one class. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from _scores import object_scores
from _sets import PROJECT, SETS, Case
from scipy import ndimage as ndi
from skimage.feature import peak_local_max
from skimage.filters import gaussian, threshold_otsu
from skimage.measure import label
from skimage.segmentation import watershed

from napari_selfseg import Objects, segment
from napari_selfseg.superpixels import Felzenszwalb

# The class whose connected pieces are objects, where a truth has classes.
CLASSES = {"brightfield_wbc": 2}
NUCLEI = (
    "dsb2018_fluo",
    "dsb2018_histology",
    "dsb2018_brightfield",
    "brightfield_wbc",
    "labelfree_dic_pc_qpi",
)
ONE = {"device": "cpu", "threads": 1, "precision": "float32"}
FIGURES = ("f1", "ap50", "map", "pq", "aji")
SMALLEST, LARGEST = 20, 0.1


def main() -> None:
    """Fill the file, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", default=NUCLEI, choices=SETS)
    parser.add_argument("--half", choices=("even", "odd"), help="every second image")
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks/results/objects.jsonl")
    args = parser.parse_args()
    for name in args.sets:
        names = SETS[name].names()
        if args.half:
            names = names[args.half == "odd" :: 2]
        rows = [_row(args.out, Case(SETS[name], each)) for each in names]
        _print(name, rows)


def _row(out: Path, case: Case) -> dict[str, dict[str, float]]:
    for line in out.read_text().splitlines() if out.exists() else ():
        row = json.loads(line)
        if (row["set"], row["image"]) == (case.of.name, case.name):
            return row["found"]
    truth = case.truths[0]
    if case.of.name in CLASSES:
        truth = label(truth == CLASSES[case.of.name], connectivity=1)
    found = {}
    for way, of in WAYS.items():
        begun = time.process_time()
        labels = of(case)
        seconds = time.process_time() - begun
        found[way] = {**object_scores(labels, truth), "seconds": seconds}
    with out.open("a") as lines:
        print(json.dumps({"set": case.of.name, "image": case.name, "found": found}), file=lines)
    return found


def _print(name: str, rows: list[dict[str, dict[str, float]]]) -> None:
    print(f"\n{name} ({len(rows)})\n\n| | F1 | AP50 | mAP | PQ | AJI | AP50: difference | s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for way in WAYS:
        means = [np.mean([row[way][figure] for row in rows]) for figure in FIGURES]
        differ = np.array([row[way]["ap50"] - row["objects"]["ap50"] for row in rows])
        error = differ.std(ddof=1) / len(rows) ** 0.5 if len(rows) > 1 else np.nan
        seconds = np.median([row[way]["seconds"] for row in rows])
        cells = [*(f"{each:.3f}" for each in means), f"{differ.mean():+.3f} ± {error:.3f}"]
        print(f"| {way} | {' | '.join(cells)} | {seconds:.1f} |", flush=True)


def _grey(case: Case) -> np.ndarray:
    return gaussian(case.scaled.mean(axis=-1), 1)


def _objects(case: Case) -> np.ndarray:
    return segment(case.image.data, Objects(), channel_axis=case.image.channel_axis, **ONE).labels()


def _first(case: Case) -> np.ndarray:
    run = segment(
        case.image.data, Objects(iterations=1), channel_axis=case.image.channel_axis, **ONE
    )
    return run.labels(0)


def _otsu(case: Case) -> np.ndarray:
    grey = _grey(case)
    mask = grey > threshold_otsu(grey)
    mask = ndi.binary_fill_holes(~mask if mask.mean() > 0.5 else mask)
    pieces = label(mask)
    mask &= np.bincount(pieces.ravel())[pieces] >= SMALLEST
    distance = gaussian(ndi.distance_transform_edt(mask), 1)
    tops = peak_local_max(distance, min_distance=5, labels=label(mask), exclude_border=False)
    markers = np.zeros(mask.shape, int)
    markers[tuple(tops.T)] = np.arange(1, len(tops) + 1)
    return watershed(-distance, markers, mask=mask)


def _consensus(case: Case) -> np.ndarray:
    run = segment(case.image.data, channel_axis=case.image.channel_axis, **ONE)
    labels = run.labels().astype(np.int64)
    labels[labels == np.bincount(labels.ravel()).argmax()] = 0
    return label(labels, background=0, connectivity=1)


def _felzenszwalb(case: Case) -> np.ndarray:
    labels = Felzenszwalb(scale=100, min_size=SMALLEST)(case.scaled)
    sizes = np.bincount(labels.ravel())
    return np.where(sizes[labels] > LARGEST * labels.size, 0, labels)


WAYS: dict[str, Callable[[Case], np.ndarray]] = {
    "objects": _objects,
    "first": _first,
    "otsu": _otsu,
    "pieces of Consensus": _consensus,
    "pieces of Felzenszwalb": _felzenszwalb,
}

if __name__ == "__main__":
    main()
