"""How well do superpixels keep to borders? Algorithms at the same number of superpixels.

    python benchmarks/superpixels.py --set bsds500-train --list bsds_dev20_train
    python benchmarks/superpixels.py --set bsds500-train --list bsds_dev20_train --table

A JSON line an image, algorithm and number of superpixels; lines already there are kept. Scores are
means over the annotators, recall and precision of borders within two pixels. What algorithms are
asked for was chosen on the images of `bsds_dev20_train` for means near 300, 700 and 1500. Seconds
are processor time. ``--table`` prints what is there as Markdown, with differences paired by image.
Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from _sets import PROJECT, SETS, Case, read_list

from napari_selfseg.metrics import (
    achievable_segmentation_accuracy,
    boundary_match,
    contingency,
    undersegmentation_error,
)
from napari_selfseg.superpixels import (
    CompactWatershed,
    ContourWatershed,
    Felzenszwalb,
    Lsc,
    Slic,
    Spnn,
    Superpixels,
)

TOLERANCE = 2.0  # pixels
# What to ask of those that give another number: of SLIC at 10, of LSC, and of Felzenszwalb.
ASKED = {
    200: (270, 170, (90, 120)),
    300: (420, 250, (60, 80)),
    600: (810, 500, (43, 43)),
    700: (930, 580, (38, 37)),
    1500: (1740, 1270, (20, 20)),
}
# A network takes its time: only where it was asked for.
TRAINED = {200: (Spnn(n_segments=155),), 600: (Spnn(n_segments=470),)}
ALGORITHMS: dict[int, Sequence[Superpixels]] = {
    n: (
        Slic(n_segments=slic, compactness=10),
        Slic(n_segments=n, compactness=100),
        Felzenszwalb(scale=scale, min_size=min_size),
        CompactWatershed(n_segments=n),
        Lsc(n_segments=lsc),
        ContourWatershed(n_segments=n),
        *TRAINED.get(n, ()),
    )
    for n, (slic, lsc, (scale, min_size)) in ASKED.items()
}
COLUMNS = {
    "asa": "ASA",
    "recall": "boundary recall",
    "precision": "boundary precision",
    "ue": "UE",
    "seconds": "s",
}
COMPARED = ("asa", "recall", "ue")
Row = Mapping[str, Any]


def main() -> None:
    """Fill the file of rows, or print the table."""
    args = _arguments()
    names = read_list(args.list) if args.list else SETS[args.set].names()
    if args.table:
        mine = [row for row in _rows(args.out) if row["set"] == args.set and row["image"] in names]
        _print_table(mine, args.reference, args.about)
        return
    for name in names:
        case = Case(SETS[args.set], name)
        for n in args.about:
            for algorithm in ALGORITHMS[n]:
                _fill(args.out, case, n, algorithm)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", default="bsds500-val", choices=SETS)
    parser.add_argument("--list", help="file of names, or one of the folder splits; all otherwise")
    parser.add_argument(
        "--about", type=int, nargs="+", choices=ALGORITHMS, default=[300, 700, 1500]
    )
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--reference", default="felzenszwalb", help="what differences are to")
    results = PROJECT / "benchmarks" / "results"
    parser.add_argument("--out", type=Path, default=results / "superpixels.jsonl")
    return parser.parse_args()


def _rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def _fill(out: Path, case: Case, n: int, algorithm: Superpixels) -> None:
    what = {"name": algorithm.name, **algorithm.model_dump()}
    key = {"set": case.of.name, "image": case.name, "about": n, "algorithm": what}
    if any(all(row[k] == v for k, v in key.items()) for row in _rows(out)):
        return
    start = time.process_time()
    labels = algorithm(case.scaled)
    seconds = round(time.process_time() - start, 3)
    row = {**key, **_scores(labels, case.truths), "seconds": seconds, "commit": _commit()}
    with out.open("a") as lines:
        lines.write(json.dumps(row) + "\n")


def _scores(labels: np.ndarray, truths: Sequence[np.ndarray]) -> dict[str, float]:
    tables = [contingency(labels, truth) for truth in truths]
    borders = boundary_match(labels, truths, tolerance=TOLERANCE / float(np.hypot(*labels.shape)))
    scores = {
        "asa": fmean(map(achievable_segmentation_accuracy, tables)),
        "recall": borders.recall,
        "precision": borders.precision,
        "ue": fmean(map(undersegmentation_error, tables)),
    }
    return {"superpixels": int(labels.max()), **{k: round(v, 6) for k, v in scores.items()}}


def _commit() -> str:
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _print_table(rows: Sequence[Row], reference: str, abouts: Sequence[int]) -> None:
    heads = ["algorithm", "images", "superpixels", *COLUMNS.values()]
    heads += [f"{COLUMNS[name]}: difference to {reference}" for name in COMPARED]
    for about in sorted({row["about"] for row in rows} & set(abouts)):
        groups = _groups(row for row in rows if row["about"] == about)
        versus = next((each for title, each in groups.items() if title.startswith(reference)), {})
        print(f"\nAbout {about} superpixels:\n")
        _print_row(heads)
        _print_row(["---"] * len(heads))
        for title, group in groups.items():
            _print_row([title, *_means(group), *_differences(group, versus)])


def _groups(rows: Iterable[Row]) -> dict[str, dict[str, Row]]:
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(_title(row["algorithm"]), {})[row["image"]] = row
    return found


def _title(algorithm: Row) -> str:
    shown = ("compactness", "scale", "min_size")
    values = ", ".join(f"{name} {algorithm[name]:g}" for name in shown if name in algorithm)
    return f"{algorithm['name']} ({values})" if values else algorithm["name"]


def _means(group: Mapping[str, Row]) -> list[str]:
    number = fmean(row["superpixels"] for row in group.values())
    means = [fmean(row[name] for row in group.values()) for name in COLUMNS]
    digits = [2 if name == "seconds" else 4 for name in COLUMNS]
    return [
        f"{len(group)}",
        f"{number:.0f}",
        *(f"{mean:.{k}f}" for mean, k in zip(means, digits, strict=True)),
    ]


def _differences(group: Mapping[str, Row], versus: Mapping[str, Row]) -> list[str]:
    """Mean over the images that both have of the difference, with its standard error."""
    common = [name for name in group if name in versus]
    if group is versus or len(common) < 2:
        return [""] * len(COMPARED)
    cells = []
    for name in COMPARED:
        gap = np.array([group[image][name] - versus[image][name] for image in common])
        cells.append(f"{gap.mean():+.4f} ± {gap.std(ddof=1) / len(gap) ** 0.5:.4f}")
    return cells


def _print_row(cells: Sequence[str]) -> None:
    print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
