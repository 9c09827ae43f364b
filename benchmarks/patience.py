"""What does waiting buy? Quality of a consensus against the seconds spent on it.

    python benchmarks/patience.py --list bsds_dev20_train --first 8 \
        --out benchmarks/results/patience.jsonl --plot docs/images/patience.svg

Every label map that a run shows on the way, the segments at the default granularity, is scored;
seconds are of the processor. A JSON line an image and number of starts; lines already there are not
computed again. Drawing needs matplotlib. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from _scores import PRI, SC, VOI, figures
from _sets import SETS, Case, read_list

import napari_selfseg as ss

STARTS = (0, 1, 2, 4, 8)
ITERATIONS = 100
SHOWN = (SC, PRI, VOI)


def main() -> None:
    """Fill the file of rows, and draw them."""
    args = _arguments()
    names = read_list(args.list)[: args.first]
    for name in names:
        for starts in STARTS:
            _fill(args.out, Case(SETS[args.set], name), starts)
    rows = [row for row in _rows(args.out) if row["image"] in names]
    for starts in STARTS:
        _print([row for row in rows if row["starts"] == starts])
    if args.plot:
        draw(rows, args.plot)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", default="bsds500-train", choices=SETS)
    parser.add_argument("--list", required=True, help="file of names, or one of the folder splits")
    parser.add_argument("--first", type=int, default=8, metavar="N", help="only the first N images")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plot", type=Path, metavar="SVG")
    return parser.parse_args()


def _rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def _fill(out: Path, case: Case, starts: int) -> None:
    if any((row["image"], row["starts"]) == (case.name, starts) for row in _rows(out)):
        return
    networks = {"networks": "both", "seeds": starts} if starts else {"networks": "none"}
    method = ss.Consensus(iterations=ITERATIONS if starts else 1, **networks)
    columns = sorted({name for metric in SHOWN for name in metric.columns})
    row = {"image": case.name, "starts": starts, "columns": columns, "steps": []}
    start = time.process_time()
    scoring = 0.0
    run = ss.evolve(case.image.data, method, channel_axis=case.image.channel_axis, threads=1)
    for step in run:
        if not step.ballots:
            continue
        begin = time.process_time()
        found = figures(run.project(step.votes), case, finds_objects=False)
        spent = round(begin - start - scoring, 2)
        row["steps"].append([step.iteration, spent, *(found[name] for name in columns)])
        scoring += time.process_time() - begin
    with out.open("a") as lines:
        lines.write(json.dumps(row) + "\n")


def _over_images(rows: list[dict[str, Any]]) -> list[tuple[int, float, list[float]]]:
    """Return iteration, median of the seconds, and each metric over the images, for every look."""
    columns = rows[0]["columns"]
    found = []
    for looks in zip(*(row["steps"] for row in rows), strict=True):
        numbers = np.array(looks)[:, 2:]
        values = [m.combine(numbers[:, [columns.index(c) for c in m.columns]]) for m in SHOWN]
        found.append((looks[0][0], float(np.median([each[1] for each in looks])), values))
    return found


def _print(rows: list[dict[str, Any]]) -> None:
    for iteration, seconds, values in _over_images(rows):
        figures = " | ".join(f"{value:.3f}" for value in values)
        print(f"| {rows[0]['starts']} | {iteration} | {seconds:.1f} | {figures} |")


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw a panel a metric, and a line a number of starts.

    Parameters
    ----------
    rows : list of dict
        As written.
    path : Path
        An SVG.
    """
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(SHOWN), figsize=(13, 3.4), layout="constrained")
    for starts in STARTS:
        looks = _over_images([row for row in rows if row["starts"] == starts])
        label = f"{starts} starts" if starts else "no networks"
        for k, (axis, metric) in enumerate(zip(axes, SHOWN, strict=True)):
            line = [values[k] for *_, values in looks]
            axis.plot([seconds for _, seconds, _ in looks], line, "o-", ms=3, label=label)
            axis.set(title=metric.title, xlabel="seconds, one thread")
    axes[0].legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
