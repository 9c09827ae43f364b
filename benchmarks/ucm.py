"""Score the contours of gPb-owt-ucm on BSDS500, so that the evaluator can be checked.

    python benchmarks/ucm.py [--split val] [--out ROWS.jsonl]

A JSON line an image with covering, Rand index (mean over annotators) and variation of information
at 99 thresholds; images already there are kept. At the end a table of ODS and OIS, each metric at
its own best threshold. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from napari_selfseg.io import load_ucm2, read_truth, ucm2_regions
from napari_selfseg.metrics import (
    Covering,
    contingency,
    covering_of,
    ods_ois,
    rand_index,
    variation_of_information,
)

PROJECT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("SELFSEG_DATA") or PROJECT.parent / "shared" / "data")
BSDS = DATA / "bsds500"
THRESHOLDS = [k / 100 for k in range(1, 100)]


def main() -> None:
    """Fill the file of rows, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="val", help="train, val or test")
    parser.add_argument("--out", type=Path, help="benchmarks/results/ucm_SPLIT.jsonl by default")
    args = parser.parse_args()
    out = args.out or PROJECT / "benchmarks" / "results" / f"ucm_{args.split}.jsonl"
    maps = sorted((BSDS / "ucm2" / args.split).glob("*.mat"))
    if not maps:
        raise SystemExit(f"There are no contour maps in {BSDS / 'ucm2' / args.split}.")
    done = {row["image"] for row in _rows(out)}
    for path in maps:
        if path.stem not in done:
            row = _scored(path, BSDS / "data" / "groundTruth" / args.split / path.name)
            with out.open("a") as lines:
                lines.write(json.dumps(row) + "\n")
    _print_table(_rows(out))


def _rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def _scored(contours: Path, truth: Path) -> dict[str, Any]:
    start = time.perf_counter()
    ucm2, annotators = load_ucm2(contours), read_truth(truth)
    # Thresholds between the same two strengths give the same regions.
    cuts = np.searchsorted(np.unique(ucm2), THRESHOLDS, side="right")
    scores: dict[int, list[float]] = {}
    for cut, threshold in zip(cuts, THRESHOLDS, strict=True):
        if int(cut) not in scores:
            scores[int(cut)] = _scores(ucm2_regions(ucm2, threshold), annotators)
    return {
        "image": contours.stem,
        "seconds": round(time.perf_counter() - start, 2),
        "columns": ["segments", "covered", "total", "rand", "voi"],
        "scores": [scores[int(cut)] for cut in cuts],
    }


def _scores(regions: np.ndarray, annotators: list[np.ndarray]) -> list[float]:
    tables = [contingency(regions, truth) for truth in annotators]
    covering = Covering.summed(map(covering_of, tables))
    rand = fmean(map(rand_index, tables))
    voi = fmean(variation_of_information(table).total for table in tables)
    numbers = (round(covering.covered, 1), covering.total, round(rand, 6), round(voi, 6))
    return [len(tables[0].row_sizes), *numbers]


def _print_table(rows: list[dict[str, Any]]) -> None:
    def each(*columns: int) -> list[dict[float, Any]]:
        return [
            {
                t: tuple(s[c] for c in columns)
                for t, s in zip(THRESHOLDS, row["scores"], strict=True)
            }
            for row in rows
        ]

    def summed(parts: Any) -> float:
        return Covering.summed(Covering(*part) for part in parts).value

    found = {
        "SC": ods_ois(each(1, 2), summed, higher=True),
        "PRI": ods_ois(each(3), np.mean, higher=True),
        "VoI": ods_ois(each(4), np.mean, higher=False),
    }
    print(f"{len(rows)} images, {sum(row['seconds'] for row in rows):.0f} s")
    print("metric    ODS    OIS  threshold  at the best threshold for SC")
    shared = {
        "SC": found["SC"].ods,
        "PRI": np.mean([image[found["SC"].parameter] for image in each(3)]),
        "VoI": np.mean([image[found["SC"].parameter] for image in each(4)]),
    }
    for name, best in found.items():
        print(
            f"{name:6} {best.ods:6.3f} {best.ois:6.3f} {best.parameter:10.2f} {shared[name]:8.3f}"
        )


if __name__ == "__main__":
    main()
