"""Does it help to feed a consensus back? Its segments as the superpixels that networks learn from.

    python benchmarks/feedback.py --list bsds_dev20_train --first 8 \
        --out benchmarks/results/feedback.jsonl

A run of the default is cut finely, and Backprop or DIC trains on the segments; its iterations then
vote beside the families of the first run. As a control they train on SLIC superpixels instead. All
are cut at the same heights. A JSON line an image and kind; lines already there are not computed
again. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from _scores import PRI, SC, VOI, Shown, figures
from _sets import SETS, Case, read_list

import napari_selfseg as ss

FINE = 0.45
LEVELS = tuple(np.linspace(0.45, 0.8, 15).round(3))
BACKPROP = ss.Backprop(depth=3, channels=48, iterations=60, min_labels=1, seed=7)
DIC = ss.DIC(iterations=60, width=32, seed=7)
SHOWN = (SC, PRI, VOI)
COLUMNS = sorted({name for metric in SHOWN for name in metric.columns})


def main() -> None:
    """Fill the file of rows, and print the summary."""
    args = _arguments()
    for name in read_list(args.list)[: args.first]:
        if not any(row["image"] == name for row in _rows(args.out)):
            for kind, hierarchy in _hierarchies(Case(SETS[args.set], name)):
                _write(args.out, Case(SETS[args.set], name), kind, hierarchy)
    _print(_rows(args.out))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", default="bsds500-train", choices=SETS)
    parser.add_argument("--list", required=True, help="file of names, or one of the folder splits")
    parser.add_argument("--first", type=int, default=8, metavar="N", help="only the first N images")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def _rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def _hierarchies(case: Case) -> list[tuple[str, Any]]:
    how = {"channel_axis": case.image.channel_axis, "threads": 1}
    first = ss.segment(case.image.data, **how)
    pieces = {"segments": first.cut(level=FINE), "SLIC": ss.Slic(n_segments=2500, compactness=10)}
    found = [("none", first.hierarchy())]
    for title, superpixels in pieces.items():
        for method in (BACKPROP, DIC):
            second = ss.segment(case.image.data, method, superpixels=superpixels, **how)
            merged = ss.merge_runs(first, second, superpixels=first.superpixels[0])
            found.append((f"{method.title} on {title}", merged))
    return found


def _write(out: Path, case: Case, kind: str, hierarchy: Any) -> None:
    cuts = [figures(hierarchy.cut(level=at), case, finds_objects=False) for at in LEVELS]
    scores = [[each[name] for name in COLUMNS] for each in cuts]
    with out.open("a") as lines:
        lines.write(json.dumps({"image": case.name, "kind": kind, "scores": scores}) + "\n")


def _print(rows: list[dict[str, Any]]) -> None:
    print("| fed back | images | SC | PRI | VoI | SC, difference to none |")
    print("| --- | --- | --- | --- | --- | --- |")
    without = _scores(rows, "none")
    j = _best(without, SC)
    for kind in dict.fromkeys(row["kind"] for row in rows):
        mine = _scores(rows, kind)
        k = _best(mine, SC)
        gap = np.array([_each(a[k]) - _each(b[j]) for a, b in zip(mine, without, strict=True)])
        values = [f"{_combined(mine, m)[_best(mine, m)]:.3f}" for m in SHOWN]
        error = gap.std(ddof=1) / len(gap) ** 0.5 if len(gap) > 1 else np.nan
        print(f"| {kind} | {len(mine)} | {' | '.join(values)} | {gap.mean():+.3f} ± {error:.3f} |")


def _combined(scores: np.ndarray, metric: Shown) -> list[float]:
    """Return the value over all images at each height."""
    taken = scores[..., [COLUMNS.index(name) for name in metric.columns]]
    return [metric.combine(taken[:, at]) for at in range(len(LEVELS))]


def _best(scores: np.ndarray, metric: Shown) -> int:
    values = _combined(scores, metric)
    return int(np.argmax(values) if metric.higher else np.argmin(values))


def _scores(rows: list[dict[str, Any]], kind: str) -> np.ndarray:
    return np.array([row["scores"] for row in rows if row["kind"] == kind])


def _each(scores: np.ndarray) -> float:
    return SC.combine(scores[[COLUMNS.index(name) for name in SC.columns]][None])


if __name__ == "__main__":
    main()
