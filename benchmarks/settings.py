"""DIC's seven settings on the same images: each of them, and the best of each image (an oracle).

    python benchmarks/settings.py --list bsds_check25_val --first 4

Reads the rows of ``quality.py`` on superpixels of the contours of gPb, after the last iteration,
and prints a table; the images are those that every setting has. Differences are to C = 50, M = 32,
paired by image: table 4 of the paper says that C matters little.
"""

from __future__ import annotations

import argparse

import numpy as np
from _scores import METRICS, Shown
from _sets import read_list
from _table import Group
from quality import RESULTS, _rows

from napari_selfseg import DIC

METRIC = METRICS["regions"][:3]
REFERENCE = (50, 32)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", required=True, help="file of names, or one of the folder splits")
    parser.add_argument("--first", type=int, metavar="N", help="only the first N images")
    args = parser.parse_args()
    names = read_list(args.list)[: args.first]
    groups = {pair: _group(pair, names) for pair in _pairs()}
    images = [name for name in names if all(name in group.images for group in groups.values())]
    figures = {pair: _figures(group, images) for pair, group in groups.items()}
    print(f"| C | M | images | {' | '.join(m.title for m in METRIC)} | SC: difference |")
    print(f"| {' | '.join(['---'] * (4 + len(METRIC)))} |")
    for pair, each in figures.items():
        cells = [*map(str, pair), str(len(images)), *_values(each), _difference(each, figures)]
        print(f"| {' | '.join(cells)} |")
    every = list(figures.values())
    best = [_best(m, [each[m.title] for each in every]) for m in METRIC]
    cells = ["best of each image, oracle", "", str(len(images))]
    cells += [f"{m.combine(np.array(rows)):.3f}" for m, rows in zip(METRIC, best, strict=True)]
    print(f"| {' | '.join([*cells, ''])} |")


def _pairs() -> list[tuple[int, int]]:
    return [(each["n_clusters"], each["n_centres"]) for each in DIC.presets.values()]


def _group(pair: tuple[int, int], names: list[str]) -> Group:
    rows = [row for row in _rows(RESULTS / "quality_methods.jsonl") if _is_of(row, pair, names)]
    if not rows:
        raise SystemExit(f"There are no rows of C = {pair[0]}, M = {pair[1]}: run quality.py.")
    return Group(rows)


def _is_of(row: dict, pair: tuple[int, int], names: list[str]) -> bool:
    given, on = row["parameters"], row["superpixels"] or {}
    return (
        given["name"] == "dic"
        and (given["n_clusters"], given["n_centres"]) == pair
        and not given["without_dcs"]
        and on.get("name") == "ucm2"
        and row["image"] in names
    )


def _figures(group: Group, images: list[str]) -> dict[str, np.ndarray]:
    last = len(group.values) - 1
    return {m.title: group.scores(m.columns, last, images) for m in METRIC}


def _values(each: dict[str, np.ndarray]) -> list[str]:
    return [f"{m.combine(each[m.title]):.3f}" for m in METRIC]


def _best(metric: Shown, of_settings: list[np.ndarray]) -> list[np.ndarray]:
    """Return for each image the figures of the setting that is best on it."""
    by_image = zip(*of_settings, strict=True)
    return [max(rows, key=lambda row: _one(metric, row)) for rows in by_image]


def _one(metric: Shown, row: np.ndarray) -> float:
    value = metric.combine(row[None])
    return value if metric.higher else -value


def _difference(
    each: dict[str, np.ndarray], figures: dict[tuple[int, int], dict[str, np.ndarray]]
) -> str:
    against = figures[REFERENCE]
    if each is against or len(each["SC"]) < 2:
        return ""
    sc = METRIC[0]
    pairs = zip(each["SC"], against["SC"], strict=True)
    apart = np.array([_one(sc, one) - _one(sc, other) for one, other in pairs])
    return f"{apart.mean():+.3f} ± {apart.std(ddof=1) / len(apart) ** 0.5:.3f}"


if __name__ == "__main__":
    main()
