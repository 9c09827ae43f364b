"""The first edition of Consensus beside gPb-owt-ucm and others, by image, on all of BSDS val.

    python benchmarks/versus.py [--list bsds_check25_val]

Runs nothing: it joins the rows that `quality.py --what consensus:level=...
felzenszwalb:min_size=500,scale=500 human` and `ucm.py` wrote to ``benchmarks/results``. gPb-owt-ucm
was fitted to human labels of this set, and its thresholds are chosen with the ground truth of these
very images: each metric its own, or the one best for SC.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from _scores import PRI, SC, VOI, Shown
from _sets import PROJECT, SETS, read_list

RESULTS = PROJECT / "benchmarks" / "results"
METRICS = (SC, PRI, VOI)
# Scores of an image: a row a value of the parameter, columns by name.
Scores = Mapping[str, np.ndarray]
# Where the first edition cut, when nobody said where.
LEVEL = 0.61
# Its parameters.
FIRST = {
    "name": "consensus",
    "channels": 48,
    "classical": True,
    "every": 10,
    "granularity": 0.39,
    "half_resolution": True,
    "iterations": 60,
    "members": [],
    "n_segments": 0,
    "networks": "both",
    "seed": 0,
    "seeds": 4,
}
# Which row is taken on which image, for a metric.
Choice = Callable[[Shown], Sequence[int]]


class Entry:
    """What one method scored at each value of its parameter.

    Parameters
    ----------
    scores : mapping
        ``{image: {column: (values,)}}``.
    names : sequence of str
        The images, in order.
    """

    def __init__(self, scores: Mapping[str, Scores], names: Sequence[str]) -> None:
        self._scores = [scores[name] for name in names]

    def rows(self, metric: Shown) -> np.ndarray:
        """Return ``(images, values, columns)``."""
        return np.array([np.stack([s[c] for c in metric.columns], axis=-1) for s in self._scores])

    def each(self, metric: Shown, taken: Sequence[int]) -> np.ndarray:
        """Return the value of each image."""
        rows = self.rows(metric)
        return np.array([metric.combine(rows[i, k][None]) for i, k in enumerate(taken)])

    def whole(self, metric: Shown, taken: Sequence[int]) -> float:
        """Return the value over all images."""
        rows = self.rows(metric)
        return metric.combine(np.array([rows[i, k] for i, k in enumerate(taken)]))

    def best_for_all(self, metric: Shown) -> list[int]:
        """Take on every image the value that is best for all."""
        rows = self.rows(metric)
        values = [metric.combine(rows[:, k]) for k in range(rows.shape[1])]
        return [int(np.argmax(values) if metric.higher else np.argmin(values))] * len(rows)

    def best_of_each(self, metric: Shown) -> list[int]:
        """Take on every image the value that is best for it."""
        rows = self.rows(metric)
        values = np.array([[metric.combine(row[None]) for row in image] for image in rows])
        return list(values.argmax(axis=1) if metric.higher else values.argmin(axis=1))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", help="only these images")
    args = parser.parse_args()
    names = read_list(args.list) if args.list else SETS["bsds500-val"].names()
    consensus, levels = _consensus()
    names = [name for name in names if name in consensus]
    print(f"{len(names)} images.\n")
    ours, gpb = Entry(consensus, names), Entry(_contours(), names)
    own = [levels.index(LEVEL)] * len(names)
    lines: list[tuple[str, Entry, Choice]] = [
        ("Consensus, its own setting", ours, lambda _: own),
        ("Consensus, one setting best for SC, oracle", ours, lambda _: ours.best_for_all(SC)),
        ("Consensus, each metric its own setting, oracle", ours, ours.best_for_all),
        ("Consensus, best of each image, oracle", ours, ours.best_of_each),
        ("gPb-owt-ucm, threshold best for SC, oracle", gpb, lambda _: gpb.best_for_all(SC)),
        ("gPb-owt-ucm, each metric its own, oracle", gpb, gpb.best_for_all),
        ("gPb-owt-ucm, best of each image, oracle", gpb, gpb.best_of_each),
    ]
    first = [0] * len(names)
    for title, name in (("Felzenszwalb, scale 500", "felzenszwalb"), ("a human", "human")):
        lines.append((title, Entry(_single(name), names), lambda _: first))
    _print(lines)


def _print(lines: Sequence[tuple[str, Entry, Choice]]) -> None:
    """Print every line, with its difference to the first of the same kind of choice."""
    heads = ["", *(m.title for m in METRICS), *(f"{m.title}: Consensus minus it" for m in METRICS)]
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    ours = {"": lines[0], "each metric": lines[2], "best of each": lines[3]}
    for title, entry, choice in lines:
        like = next(ours[key] for key in reversed(ours) if key in title)
        values = [f"{entry.whole(m, choice(m)):.3f}" for m in METRICS]
        differences = [_difference(like, (title, entry, choice), m) for m in METRICS]
        print(f"| {title} | {' | '.join([*values, *differences])} |")


def _difference(
    one: tuple[str, Entry, Choice], other: tuple[str, Entry, Choice], metric: Shown
) -> str:
    if one[1] is other[1]:
        return ""
    gap = one[1].each(metric, one[2](metric)) - other[1].each(metric, other[2](metric))
    return f"{gap.mean():+.3f} ± {gap.std(ddof=1) / len(gap) ** 0.5:.3f}"


def _all_rows(pattern: str) -> Iterator[dict]:
    for path in sorted(RESULTS.glob(pattern)):
        yield from map(json.loads, path.read_text().splitlines())


def _by_column(row: dict) -> Scores:
    return dict(zip(row["columns"], np.array(row["scores"], float).T, strict=True))


def _consensus() -> tuple[dict[str, Scores], list[float]]:
    """Return the scores at the default, and the heights at which it was cut."""
    rows = [
        row
        for row in _all_rows("quality*.jsonl")
        if row["set"] == "bsds500-val" and row["axis"] == "level" and row["parameters"] == FIRST
    ]
    return {row["image"]: _by_column(row) for row in rows}, list(rows[0]["values"])


def _contours() -> dict[str, Scores]:
    return {row["image"]: _by_column(row) for row in _all_rows("ucm_val.jsonl")}


def _single(name: str) -> dict[str, Scores]:
    """Return the scores of a baseline that was not swept."""
    return {
        row["image"]: _by_column(row)
        for row in _all_rows("quality*.jsonl")
        if row["set"] == "bsds500-val" and row["parameters"]["name"] == name and not row["axis"]
    }


if __name__ == "__main__":
    main()
