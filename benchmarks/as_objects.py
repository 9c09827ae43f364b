"""What is finishing as objects worth? Segments of a method as they are, and finished.

    python benchmarks/as_objects.py [--method consensus] [--sets SET ...] [--half even|odd]

Whole images, defaults, one thread, float32; label 0 is background. *pieces* are the connected
segments but for the largest label, *finished* are `AsObjects()` of the same run. Means over
images, F1, AP and AJI as in ``objects.py``, and the seconds of processor time that finishing takes.
Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from _scores import object_scores
from _sets import SETS, Case
from objects import FIGURES, NUCLEI, ONE
from skimage.measure import label

from napari_selfseg import AsObjects, segment
from napari_selfseg.catalogue import known_methods
from napari_selfseg.parameters import named


def main() -> None:
    """Print a table a set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--method", default="consensus")
    parser.add_argument("--sets", nargs="+", default=NUCLEI[:3], choices=SETS)
    parser.add_argument("--half", choices=("even", "odd"), help="every second image")
    args = parser.parse_args()
    kind = named(args.method, known_methods(), "method")
    for name in args.sets:
        names = SETS[name].names()
        if args.half:
            names = names[args.half == "odd" :: 2]
        rows = [_row(Case(SETS[name], each), kind()) for each in names]
        print(f"\n{name} ({len(rows)}), {kind.title}\n\n| | F1 | AP50 | mAP | PQ | AJI | s |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for way in ("pieces", "finished"):
            cells = [f"{np.mean([row[way][each] for row in rows]):.3f}" for each in FIGURES]
            seconds = np.median([row[way]["seconds"] for row in rows])
            print(f"| {way} | {' | '.join(cells)} | {seconds:.1f} |", flush=True)


def _row(case: Case, method: object) -> dict[str, dict[str, float]]:
    run = segment(case.image.data, method, channel_axis=case.image.channel_axis, **ONE)
    labels = run.labels().astype(np.int64)
    labels[labels == np.bincount(labels.ravel()).argmax()] = 0
    begun = time.process_time()
    finished = run.labels(finish=AsObjects())
    seconds = time.process_time() - begun
    ways = {
        "pieces": (label(labels, background=0, connectivity=1), 0.0),
        "finished": (finished, seconds),
    }
    truth = case.truths[0]
    return {
        way: {**object_scores(found, truth), "seconds": took} for way, (found, took) in ways.items()
    }


if __name__ == "__main__":
    main()
