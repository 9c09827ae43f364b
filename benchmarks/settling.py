"""When labels have settled: what ending a run then costs in quality, and what it saves.

    python benchmarks/settling.py --out ROWS.jsonl [--methods backprop:iterations=200 dic ...]
    python benchmarks/settling.py --out ROWS.jsonl --table

Each run goes to its end once; from its labels of all iterations follows where it would have ended
with a value of `settled`. A JSON line an image, method and seed, rows already there are kept. The
table has, by value, how many runs end earlier, the median share of the updates that are made, and
the covering minus that at the end, paired by image, with its standard error. Photographs of BSDS500
train; data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from _sets import SETS, Case, read_list

import napari_selfseg as ss
from napari_selfseg import catalogue
from napari_selfseg.metrics import covering
from napari_selfseg.parameters import parse
from napari_selfseg.protocol._schedules._settled import WINDOW

METHODS = ("backprop:iterations=200", "dic", "dsc")
VALUES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
KEY = ("method", "image", "seed")


def main() -> None:
    """Fill the file of rows, or print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--methods", nargs="+", default=METHODS, help="as on the command line")
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=1)
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
                if (name, image, seed) not in done:
                    found = dict(zip(KEY, (name, image, seed), strict=True))
                    found |= _row(Case(SETS["bsds500-train"], image), name, seed)
                    with args.out.open("a") as file:
                        file.write(json.dumps(found) + "\n")


def _row(case: Case, name: str, seed: int) -> dict[str, Any]:
    method = parse(name, catalogue.METHODS, "method").replace(seed=seed)
    first = getattr(method, "autoencoder_iterations", 0)
    axis = case.image.channel_axis
    run = ss.segment(case.image.data, method, channel_axis=axis, device="cpu", threads=1)
    maps = [run.labels(t) for t in run.iterations if t >= first]
    changed = [float((one != other).mean()) for one, other in pairwise(maps)]
    ends = {value: _end(changed, value / 100) for value in VALUES}
    scores = {at: _score(maps[at], case) for at in {*ends.values(), len(changed)}}
    return {
        "updates": len(changed),
        "covering": scores[len(changed)],
        "ends": {str(value): [at, scores[at]] for value, at in ends.items()},
    }


def _end(changed: list[float], least: float) -> int:
    for t in range(WINDOW, len(changed)):
        if np.mean(changed[t - WINDOW : t]) < least:
            return t
    return len(changed)


def _score(labels: np.ndarray, case: Case) -> float:
    found = covering(labels, case.truths)
    return found.covered / found.total


def _print(rows: list[dict[str, Any]]) -> None:
    print("| method | per cent | runs | end earlier | updates made | covering |\n|" + 6 * "---|")
    for name in dict.fromkeys(row["method"] for row in rows):
        of = [row for row in rows if row["method"] == name]
        for value in VALUES:
            ends = [row["ends"][str(value)] for row in of]
            share = [at / row["updates"] for (at, _), row in zip(ends, of, strict=True)]
            gaps = [score - row["covering"] for (_, score), row in zip(ends, of, strict=True)]
            error = np.std(gaps, ddof=1) / len(gaps) ** 0.5
            early = sum(each < 1 for each in share)
            print(
                f"| {name} | {value} | {len(of)} | {early} | {np.median(share):.2f} "
                f"| {np.mean(gaps):+.4f} ± {error:.4f} |"
            )


if __name__ == "__main__":
    main()
