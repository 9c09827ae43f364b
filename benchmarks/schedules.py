"""What a smaller image at first costs in quality, and how much sooner a run ends.

    python benchmarks/schedules.py --out ROWS.jsonl [--methods backprop dic ...] [--images 20]
    python benchmarks/schedules.py --out ROWS.jsonl --table

Photographs of BSDS500 train, every seed, all updates at full size and coarse to fine in turn; a
JSON line a run with its covering and seconds, rows already there are kept. The table has the mean
covering over the seeds, differences paired by image with their standard error, and the median ratio
of whole-run seconds. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np
from _rows import Row, command_line, fill_or_print, score
from _sets import Case

import napari_selfseg as ss

SCHEDULES = ("full size", "coarse to fine")
KEY = ("method", "image", "seed", "schedule")


def main() -> None:
    """Fill the file of rows, or print the table."""
    parser = command_line(__doc__, seeds=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="auto")
    args = parser.parse_args()
    fill_or_print(args, partial(_row, args), _print, SCHEDULES, "schedule")


def _row(args: argparse.Namespace, case: Case, method: ss.Method, schedule: str) -> Row:
    began = time.perf_counter()
    run = ss.segment(
        case.image.data,
        method.replace(schedule=schedule),
        channel_axis=case.image.channel_axis,
        device="cpu",
        threads=args.threads,
        precision=args.precision,
    )
    seconds = time.perf_counter() - began
    labels = run.labels()
    return {
        "covering": score(labels, case),
        "seconds": round(seconds, 2),
        "iterations": run.iteration,
        "labels": len(np.unique(labels)),
    }


def _print(rows: list[Row]) -> None:
    print("| method | runs | full size | coarse to fine | difference | times as fast |")
    print("|---|---|---|---|---|---|")
    for name in dict.fromkeys(row["method"] for row in rows):
        pairs = _pairs([row for row in rows if row["method"] == name])
        scores = np.array([[each["covering"] for each in pair] for pair in pairs])
        speed = np.median([pair[0]["seconds"] / pair[1]["seconds"] for pair in pairs])
        images = [pair[0]["image"] for pair in pairs]
        gaps = [
            (scores[:, 1] - scores[:, 0])[[each == image for each in images]].mean()
            for image in dict.fromkeys(images)
        ]
        error = np.std(gaps, ddof=1) / len(gaps) ** 0.5
        means = scores.mean(axis=0)
        print(
            f"| {name} | {len(pairs)} | {means[0]:.4f} | {means[1]:.4f} "
            f"| {np.mean(gaps):+.4f} ± {error:.4f} | {speed:.2f} |"
        )


def _pairs(rows: list[Row]) -> list[list[Row]]:
    """Return the two rows of each image and seed that has both."""
    by = {tuple(row[key] for key in KEY): row for row in rows}
    found = [
        [by.get((*key[:3], each)) for each in SCHEDULES] for key in by if key[3] == "full size"
    ]
    return [[each for each in pair if each] for pair in found if all(pair)]


if __name__ == "__main__":
    main()
