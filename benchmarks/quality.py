"""How good are the labels? Methods and baselines against ground truth, paired by image.

    python benchmarks/quality.py --set bsds500-val --list bsds_check25_val --table
    python benchmarks/quality.py --set bsds500-val --list bsds_check25_val \
        --what backprop:iterations=200 backprop:iterations=200,variant=continuity

A JSON line an image and method; lines already there (in any ``benchmarks/results/quality*.jsonl``
or ``--out``) are kept and used. A method is written as on the command line of the package, with
``+slic:...`` after it for other superpixels; without ``--what`` all baselines are run. A baseline
is swept over its main parameter unless that is given. ``--table`` prints what is there as Markdown.
Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _jobs import Job, completed, read_job
from _sets import PROJECT, SETS, Case, read_list
from _table import print_table

RESULTS = PROJECT / "benchmarks" / "results"
# Fewer values where images are large and many; smaller regions where objects are small.
COARSE = ("one_region", "grid", "slic:compactness=10,n_segments=4/16/64/256", "kmeans", "otsu")
SCALES = "scale=100/300/1000/3000"
BASELINES = {
    "regions": (
        "one_region",
        "grid",
        "slic:compactness=10",
        "felzenszwalb:min_size=500",
        "kmeans",
        "ucm2",
        "human",
    ),
    "classes": (*COARSE, f"felzenszwalb:min_size=500,{SCALES}"),
    "cells": (*COARSE, f"felzenszwalb:min_size=30,{SCALES}"),
    "nuclei": (*COARSE, f"felzenszwalb:min_size=30,{SCALES}", "otsu_watershed"),
}


def main() -> None:
    """Fill the file of rows, or print the table."""
    args = _arguments()
    chosen = SETS[args.set].central(args.window) if args.window else SETS[args.set]
    names = (read_list(args.list) if args.list else chosen.names())[: args.first]
    if args.table:
        beside = read_list(args.chosen_on) if args.chosen_on else []
        rows, how = list(_rows(args.out)), {"reference": args.reference, "common": args.common}
        print_table(rows, chosen, names, beside, **how)
        return
    whats = args.what or BASELINES[chosen.kind]
    jobs = [read_job(text, args.precision, args.threads) for text in whats]
    for name in names:
        case = Case(chosen, name)
        for job in jobs:
            _fill(args.out, case, job)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", default="bsds500-val", choices=SETS)
    parser.add_argument("--list", help="file of names, or one of the folder splits; all otherwise")
    parser.add_argument("--first", type=int, metavar="N", help="only the first N images")
    parser.add_argument("--window", type=int, metavar="N", help="only the central N x N pixels")
    parser.add_argument("--what", nargs="+", help="methods and baselines")
    parser.add_argument("--out", type=Path, default=RESULTS / "quality.jsonl")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--reference", default="felzenszwalb", help="what differences are to")
    parser.add_argument("--chosen-on", help="list of images whose rows choose the parameters")
    parser.add_argument("--common", action="store_true", help="images that every method has")
    return parser.parse_args()


def _rows(out: Path) -> Iterator[dict[str, Any]]:
    for path in dict.fromkeys((*sorted(RESULTS.glob("quality*.jsonl")), out)):
        if path.exists():
            yield from (completed(json.loads(line)) for line in path.read_text().splitlines())


def _fill(out: Path, case: Case, job: Job) -> None:
    key = {"set": case.of.name, "image": case.name, **job.key}
    if any(all(row.get(k) == v for k, v in key.items()) for row in _rows(out)):
        return
    found = job.row(case)
    if found is not None:
        with out.open("a") as lines:
            lines.write(json.dumps({**key, **found, "commit": _commit()}) + "\n")


def _commit() -> str:
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    main()
