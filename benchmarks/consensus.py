"""Consensus as it is: its own cut and the best of many, on photographs, cells and aerial images.

    python benchmarks/consensus.py --sets bsds500-val --out RESULTS.jsonl
    python benchmarks/consensus.py --out RESULTS.jsonl
    python benchmarks/consensus.py --table --out RESULTS.jsonl [--versus results/ucm_val.jsonl]

A JSON line an image, with the kind of segments that was found and the processor time of the whole
run, one thread; lines already there are kept. The second form takes all labelled sets but BSDS,
their central 512 pixels. ``--table`` prints a line a set; ``--versus`` adds differences to the rows
of gPb-owt-ucm, paired by image. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _scores import figures
from _sets import SETS, Case

import napari_selfseg as ss
from napari_selfseg.metrics import Covering, evaluate
from napari_selfseg.parameters import parse

WINDOW = 512
CUTS = np.unique(np.geomspace(2, 300, 36).astype(int)).tolist()
MAIN = {"nuclei": "instance_ap_50", "classes": "hungarian_miou", "cells": "adapted_rand_error"}
LOWER = ("adapted_rand_error", "voi")


def main() -> None:
    """Run what is not there yet, or print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", choices=SETS)
    parser.add_argument("--what", default="consensus", help="with fields, as on the command line")
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
    method = parse(args.what, (ss.Consensus,), "method")
    done = {(row["set"], row["image"], row["what"]) for row in rows}
    chosen = args.sets or [each for each in SETS if not each.startswith("bsds")]
    for name in chosen:
        of = SETS[name] if SETS[name].kind == "regions" else SETS[name].central(WINDOW)
        for image in of.names()[: args.first]:
            if (name, image, args.what) in done:
                continue
            row = {"set": name, "image": image, "what": args.what, **_row(Case(of, image), method)}
            with args.out.open("a") as file:
                file.write(json.dumps(row) + "\n")


def _row(case: Case, method: ss.Consensus) -> dict[str, Any]:
    image, began = case.image, time.process_time()
    run = ss.segment(image.data, method, channel_axis=image.channel_axis, threads=1)
    seconds = time.process_time() - began
    tree = run.hierarchy()
    possible = range(tree.tree.fewest, tree.tree.most + 1)
    cuts = {k: _scores(tree.cut(k), case) for k in CUTS if k in possible}
    return {
        "seconds": round(seconds, 3),
        "kind": tree.words.split(" ")[0].strip(",") or "Regions",
        "segments": tree.automatic,
        "own": _scores(run.labels(), case),
        "cuts": cuts,
    }


def _scores(labels: np.ndarray, case: Case) -> dict[str, float]:
    if case.of.kind != "regions":
        key = MAIN[case.of.kind]
        found = figures(labels.astype(np.int32), case, finds_objects=False)
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
