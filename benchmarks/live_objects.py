"""Say how much live labels of Objects are like the final ones, and what they take.

    python benchmarks/live_objects.py [--half even|odd] [--images 8]

Whole images, one thread. A line a set: F1 at an overlap of .5 of the labels after 20, 40, 60 and 80
updates against the final ones, means over images; processor seconds of a run, the median; and the
share of them that the live labels took. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from _scores import object_scores
from _sets import SETS, Case

from napari_selfseg import Objects, segment

PARTS = {"dsb2018_fluo": 1.0, "dsb2018_histology": 0.5, "dsb2018_brightfield": 0.25}
ONE = {"device": "cpu", "threads": 1, "precision": "float32"}
LOOKS = (20, 40, 60, 80)
spent = 0.0


def main() -> None:
    """Print a line a set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--half", choices=("even", "odd"), default="odd")
    parser.add_argument("--images", type=int, default=8, help="of fluorescence; fewer of others")
    args = parser.parse_args()
    Objects._in_passing = _timed(Objects._in_passing)  # type: ignore[method-assign]
    for name, part in PARTS.items():
        names = SETS[name].names()[args.half == "odd" :: 2][: max(1, round(part * args.images))]
        rows = np.array([_row(Case(SETS[name], each)) for each in names])
        f1, seconds = rows[:, :-2].mean(axis=0), np.median(rows[:, -2])
        said = " ".join(f"{each:.3f}" for each in f1)
        share = rows[:, -1].sum() / rows[:, -2].sum()
        print(f"{name} ({len(rows)}): F1 {said}; {seconds:.2f} s, {100 * share:.1f} %", flush=True)


def _row(case: Case) -> list[float]:
    global spent
    began, spent = time.process_time(), 0.0
    run = segment(case.image.data, Objects(), channel_axis=case.image.channel_axis, **ONE)
    final = run.labels()
    seconds = time.process_time() - began
    agreed = [object_scores(run.labels(t), final)["f1"] for t in LOOKS]
    return [*agreed, seconds, spent]


def _timed(look: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*args: Any) -> Any:
        global spent
        began = time.process_time()
        found = look(*args)
        spent += time.process_time() - began
        return found

    return timed


if __name__ == "__main__":
    main()
