"""Do the losses fall? Every term by iteration, of DIC and DSC on a few images.

    python benchmarks/convergence.py --list bsds_check25_val --first 5 \
        --out benchmarks/results/convergence.jsonl --plot docs/images/convergence.svg

A JSON line an image and method; lines already there are not computed again. Drawing needs
matplotlib. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from _sets import SETS, Case, read_list

import napari_selfseg as ss

METHODS = (ss.DIC(), ss.DSC())
TITLES = {
    ("dic", "refinement"): "DIC: refinement",
    ("dsc", "reconstruction"): "DSC, first stage: reconstruction",
    ("dsc", "template"): "DSC, first stage: template",
    ("dsc", "labels"): "DSC, second stage: labels",
    ("dsc", "cut"): "DSC, second stage: cut",
}


def main() -> None:
    """Fill the file of rows, and draw them."""
    args = _arguments()
    names = read_list(args.list)[: args.first]
    for name in names:
        for method in METHODS:
            _fill(args.out, Case(SETS[args.set], name), method, args.threads)
    if args.plot:
        draw([row for row in _rows(args.out) if row["image"] in names], args.plot)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", default="bsds500-val", choices=SETS)
    parser.add_argument("--list", required=True, help="file of names, or one of the folder splits")
    parser.add_argument("--first", type=int, default=5, metavar="N", help="only the first N images")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plot", type=Path, metavar="SVG")
    return parser.parse_args()


def _rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def _fill(out: Path, case: Case, method: Any, threads: int) -> None:
    if any((row["image"], row["method"]) == (case.name, method.name) for row in _rows(out)):
        return
    how = {"channel_axis": case.image.channel_axis, "threads": threads, "device": "cpu"}
    run = ss.segment(case.image.data, method, **how)
    losses = {name: [float(f"{v:.5g}") for v in term.values()] for name, term in run.losses.items()}
    row = {"image": case.name, "method": method.name, "stop": run.stop_reason, "losses": losses}
    with out.open("a") as lines:
        lines.write(json.dumps(row) + "\n")


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw a panel a term, and a line an image.

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

    figure, axes = pyplot.subplots(1, len(TITLES), figsize=(15, 3), layout="constrained")
    for axis, ((method, term), title) in zip(axes, TITLES.items(), strict=True):
        for row in rows:
            if row["method"] == method and term in row["losses"]:
                axis.plot(row["losses"][term], label=row["image"], linewidth=1)
        axis.set(title=title, xlabel="updates", yscale="log")
        axis.title.set_fontsize("medium")
    axes[0].legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
