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
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from _sets import SETS, Case, read_list

import napari_selfseg as ss
from napari_selfseg import catalogue
from napari_selfseg.metrics import covering
from napari_selfseg.parameters import parse

METHODS = ("backprop:iterations=200", "dic", "dsc")
SCHEDULES = ("full size", "coarse to fine")
KEY = ("method", "image", "seed", "schedule")


def main() -> None:
    """Fill the file of rows, or print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--methods", nargs="+", default=METHODS, help="with fields, as on the command line"
    )
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    lines = args.out.read_text().splitlines() if args.out.exists() else []
    rows = [json.loads(line) for line in lines]
    if args.table:
        _print(rows)
        return
    done = {tuple(row[key] for key in KEY) for row in rows}
    for seed in range(args.seeds):
        for image in read_list("bsds_dev20_train")[: args.images]:
            for name in args.methods:
                for schedule in SCHEDULES:
                    if (name, image, seed, schedule) not in done:
                        _fill(args, name, image, seed, schedule)


def _fill(args: argparse.Namespace, name: str, image: str, seed: int, schedule: str) -> None:
    case = Case(SETS["bsds500-train"], image)
    method = parse(name, catalogue.METHODS, "method").replace(seed=seed, schedule=schedule)
    began = time.perf_counter()
    run = ss.segment(
        case.image.data,
        method,
        channel_axis=case.image.channel_axis,
        device="cpu",
        threads=args.threads,
        precision=args.precision,
    )
    seconds = time.perf_counter() - began
    row = dict(zip(KEY, (name, image, seed, schedule), strict=True))
    found = covering(run.labels(), case.truths)
    row |= {"covering": found.covered / found.total, "seconds": round(seconds, 2)}
    row |= {"iterations": run.iteration, "labels": len(np.unique(run.labels()))}
    with args.out.open("a") as file:
        file.write(json.dumps(row) + "\n")


def _print(rows: list[dict[str, Any]]) -> None:
    print("| method | runs | full size | coarse to fine | difference | times as fast |")
    print("|---|---|---|---|---|---|")
    for name in dict.fromkeys(row["method"] for row in rows):
        pairs = _pairs([row for row in rows if row["method"] == name])
        score = np.array([[each["covering"] for each in pair] for pair in pairs])
        speed = np.median([pair[0]["seconds"] / pair[1]["seconds"] for pair in pairs])
        images = [pair[0]["image"] for pair in pairs]
        gaps = [
            (score[:, 1] - score[:, 0])[[each == image for each in images]].mean()
            for image in dict.fromkeys(images)
        ]
        error = np.std(gaps, ddof=1) / len(gaps) ** 0.5
        means = score.mean(axis=0)
        print(
            f"| {name} | {len(pairs)} | {means[0]:.4f} | {means[1]:.4f} "
            f"| {np.mean(gaps):+.4f} ± {error:.4f} | {speed:.2f} |"
        )


def _pairs(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the two rows of each image and seed that has both."""
    by = {tuple(row[key] for key in KEY): row for row in rows}
    found = [
        [by.get((*key[:3], each)) for each in SCHEDULES] for key in by if key[3] == "full size"
    ]
    return [[each for each in pair if each] for pair in found if all(pair)]


if __name__ == "__main__":
    main()
