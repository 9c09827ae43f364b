"""Consensus as it is: its own cut and the best of many, on photographs, cells and aerial images.

    python benchmarks/consensus.py --sets bsds500-val --out RESULTS.jsonl
    python benchmarks/consensus.py --out RESULTS.jsonl
    python benchmarks/consensus.py --what otsu kmeans --out RESULTS.jsonl
    python benchmarks/consensus.py --sets em_isbi2012 --scale 0.5 --out RESULTS.jsonl
    python benchmarks/consensus.py --table --out RESULTS.jsonl [--versus results/ucm_val.jsonl]

A JSON line an image, with the kind of segments that was found and the processor time of the whole
run, one thread; lines already there are kept. The second form takes all labelled sets but BSDS,
their central 512 pixels. The third puts baselines beside it, k-means for several k: its own cut is
then the k that is best for the set, and so an oracle as well. ``--scale`` shows the image smaller
or larger (linear interpolation), and compares at the size of the truth. ``--table`` prints a line a
set; ``--versus`` adds differences to the rows of gPb-owt-ucm, paired by image. Data come from
SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from _baselines import Baseline, KMeans, Otsu, OtsuCells, OtsuWatershed
from _jobs import AXES
from _scores import figures
from _sets import SETS, Case
from scipy import ndimage

import napari_selfseg as ss
from napari_selfseg.metrics import Covering, evaluate
from napari_selfseg.parameters import parse

WINDOW = 512
CUTS = np.unique(np.geomspace(2, 300, 36).astype(int)).tolist()
MAIN = {"nuclei": "instance_ap_50", "classes": "hungarian_miou", "cells": "adapted_rand_error"}
KNOWN = (ss.Consensus, Otsu, OtsuCells, OtsuWatershed, KMeans)
LOWER = ("adapted_rand_error", "voi")


def main() -> None:
    """Run what is not there yet, or print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", choices=SETS)
    parser.add_argument(
        "--what", nargs="+", default=["consensus"], help="with fields, as on the command line"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="of the image that is seen")
    parser.add_argument("--first", type=int, help="only so many images of each set")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--versus", type=Path)
    args = parser.parse_args()
    lines = args.out.read_text().splitlines() if args.out.exists() else []
    rows = [json.loads(line) for line in lines]
    if args.table:
        _print(rows, args.versus)
        return
    done = {(row["set"], row["image"], row["what"]) for row in rows}
    chosen = args.sets or [each for each in SETS if not each.startswith("bsds")]
    for name, what in itertools.product(chosen, args.what):
        of = SETS[name] if SETS[name].kind == "regions" else SETS[name].central(WINDOW)
        title = what if args.scale == 1 else f"{what} at {args.scale:g} times the size"
        for image in of.names()[: args.first]:
            if (name, image, title) in done:
                continue
            found = _found(Case(of, image), what, args.scale)
            row = {"set": name, "image": image, "what": title, **found}
            with args.out.open("a") as file:
                file.write(json.dumps(row) + "\n")


def _found(case: Case, what: str, scale: float) -> dict[str, Any]:
    chosen = parse(what, KNOWN, "method or baseline")
    if isinstance(chosen, Baseline):
        return _of_baseline(case, chosen)
    return _row(case, cast(ss.Consensus, chosen), scale)


def _of_baseline(case: Case, baseline: Baseline) -> dict[str, Any]:
    """Score a baseline; of k-means each k, and none of them is its own."""
    began = time.process_time()
    if not isinstance(baseline, KMeans):
        labels = cast(np.ndarray, baseline.labels(case))
        seconds = time.process_time() - began
        own = _scores(labels, case, finds_objects=baseline.finds_objects)
        many = {"segments": len(np.unique(labels)), "own": own, "cuts": {}}
        return {"seconds": round(seconds, 3), "kind": baseline.title, **many}
    maps = {int(k): baseline.replace(k=int(k)).labels(case) for k in AXES["kmeans"][1]}
    seconds = (time.process_time() - began) / len(maps)
    cuts = {k: _scores(labels, case) for k, labels in maps.items()}
    return {"seconds": round(seconds, 3), "kind": baseline.title, "segments": 0, "cuts": cuts}


def _row(case: Case, method: ss.Consensus, scale: float = 1.0) -> dict[str, Any]:
    image, began = case.image, time.process_time()
    seen = _resized(image.data, image.channel_axis, scale)
    run = ss.segment(seen, method, channel_axis=image.channel_axis, threads=1)
    seconds = time.process_time() - began
    tree = run.hierarchy()

    def scores(labels: np.ndarray) -> dict[str, float]:
        return _scores(_fitted(labels, case.truths[0].shape), case)

    possible = range(tree.tree.fewest, tree.tree.most + 1)
    cuts = {k: scores(tree.cut(k)) for k in CUTS if k in possible}
    return {
        "seconds": round(seconds, 3),
        "kind": tree.words.split(" ")[0].strip(",") or "Regions",
        "segments": tree.automatic,
        "own": scores(run.labels()),
        "cuts": cuts,
    }


def _resized(image: np.ndarray, channel_axis: int | None, scale: float) -> np.ndarray:
    """Show an image smaller, each pixel a mean, or larger."""
    if scale == 1:
        return image
    factors = np.full(image.ndim, scale)
    if channel_axis is not None:
        factors[channel_axis] = 1
    seen = np.asarray(image, np.float32)
    if scale < 1:
        # As wide as a pixel of the smaller image, so that nothing is left out.
        seen = ndimage.uniform_filter(seen, np.round(1 / factors).astype(int))
    found = ndimage.zoom(seen, factors, order=1, grid_mode=True, mode="nearest")
    return found.round().astype(image.dtype) if image.dtype.kind in "ui" else found


def _fitted(labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Bring labels to the size of the truth: each pixel has that of the nearest one."""
    if labels.shape == shape:
        return labels
    axes = [
        np.minimum((np.arange(n) + 0.5) * m / n, m - 1).astype(int)
        for n, m in zip(shape, labels.shape, strict=True)
    ]
    return labels[np.ix_(*axes)]


def _scores(labels: np.ndarray, case: Case, *, finds_objects: bool = False) -> dict[str, float]:
    if case.of.kind != "regions":
        key = MAIN[case.of.kind]
        found = figures(labels.astype(np.int32), case, finds_objects=finds_objects)
        return {key: round(found[key], 4)}
    compared = evaluate(labels, case.truths, ignore=case.of.ignore, tolerance=None)
    covering = Covering.summed(each.covering for each in compared.annotators)
    values = compared.values
    return {
        "covered": round(covering.covered, 1),
        "total": covering.total,
        "rand": round(values["rand"], 5),
        "voi": round(values["voi"], 5),
    }


def _print(rows: Sequence[Mapping[str, Any]], versus: Path | None) -> None:
    print(
        "| set | images | kinds | segments | s | own cut | best cut of each image |\n|" + 7 * "---|"
    )
    for name, what in dict.fromkeys((row["set"], row["what"]) for row in rows):
        of = [row for row in rows if (row["set"], row["what"]) == (name, what)]
        of = _with_own(of)
        kinds = [row["kind"] for row in of]
        counted = ", ".join(f"{kinds.count(each)} {each}" for each in dict.fromkeys(kinds))
        middle = [np.median([row[key] for row in of]) for key in ("segments", "seconds")]
        own, best = (_summary([choose(row) for row in of]) for choose in (_own, _best))
        title = name if what == "consensus" else f"{name}, {what}"
        print(
            f"| {title} | {len(of)} | {counted} | {middle[0]:.0f} | {middle[1]:.2f} "
            f"| {own} | {best} |"
        )
        if versus is not None and name == "bsds500-val":
            _differ(of, versus)


def _with_own(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take for the own cut of k-means the k that is best for the whole set."""
    if "own" in rows[0]:
        return rows
    key = next(iter(next(iter(rows[0]["cuts"].values()))))
    if key not in (*MAIN.values(),):
        raise SystemExit("k-means is for sets that have one metric.")
    choose = min if key in LOWER else max
    k = choose(rows[0]["cuts"], key=lambda k: np.mean([row["cuts"][k][key] for row in rows]))
    return [{**row, "own": row["cuts"][k], "segments": int(k)} for row in rows]


def _own(row: Mapping[str, Any]) -> Mapping[str, float]:
    return row["own"]


def _best(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the best value of each figure, over the cuts and the own one."""
    each = [row["own"], *row["cuts"].values()]
    if "covered" not in row["own"]:
        key = next(iter(row["own"]))
        choose = min if key in LOWER else max
        return {key: choose(scores[key] for scores in each)}
    covered = max(scores["covered"] for scores in each)
    rand, voi = max(s["rand"] for s in each), min(s["voi"] for s in each)
    return {"covered": covered, "total": row["own"]["total"], "rand": rand, "voi": voi}


def _summary(scores: Sequence[Mapping[str, float]]) -> str:
    if "covered" not in scores[0]:
        key = next(iter(scores[0]))
        return f"{key} {np.mean([each[key] for each in scores]):.3f}"
    covering = sum(s["covered"] for s in scores) / sum(s["total"] for s in scores)
    rand, voi = (np.mean([s[key] for s in scores]) for key in ("rand", "voi"))
    return f"{covering:.4f} / {rand:.4f} / {voi:.4f}"


def _differ(rows: Sequence[Mapping[str, Any]], versus: Path) -> None:
    """Print differences to the contours at the one threshold best for SC, and at each image's."""
    theirs = {}
    for line in versus.read_text().splitlines():
        row = json.loads(line)
        theirs[row["image"]] = dict(zip(row["columns"], np.array(row["scores"]).T, strict=True))
    gpb = [theirs[row["image"]] for row in rows]
    share = np.array([each["covered"] / each["total"] for each in gpb])
    weight = np.array([row["own"]["total"] for row in rows], float)
    at = int((share * weight[:, None]).sum(axis=0).argmax())
    own = np.array([row["own"]["covered"] / row["own"]["total"] for row in rows])
    best = np.array([_best(row)["covered"] / row["own"]["total"] for row in rows])
    gaps = {"own": own - share[:, at], "best": best - share.max(axis=1)}
    for key, index, mine in (("PRI", "rand", "rand"), ("VoI", "voi", "voi")):
        values = np.array([each[index][at] for each in gpb])
        gaps[f"own {key}"] = np.array([row["own"][mine] for row in rows]) - values
    weights = weight / weight.mean()
    for key, gap in gaps.items():
        gap = gap * weights if key in ("own", "best") else gap
        error = gap.std(ddof=1) / len(gap) ** 0.5
        print(f"<!-- minus gPb, {key}: {gap.mean():+.4f} ± {error:.4f} -->")


if __name__ == "__main__":
    main()
