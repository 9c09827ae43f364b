"""The rows as a table in Markdown: values over the set, and differences paired by image."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from _jobs import own_level, title
from _scores import METRICS, Shown
from _sets import ImageSet

from napari_selfseg.metrics import ods_ois

Row = Mapping[str, Any]
DIFFERENCES = 3  # of the metrics shown, the first so many are compared pairwise
IDENTITY = ("parameters", "superpixels", "precision", "axis", "values")


class Group:
    """The rows of one method on a set, by image.

    Parameters
    ----------
    rows : sequence of mapping
        One an image.

    Attributes
    ----------
    key : dict
        What the method is.
    values : tuple
        Of the parameter called `axis`; a single None where there is none.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        first = rows[0]
        self.name = first["parameters"]["name"]
        self.key = {name: first[name] for name in IDENTITY if name in first}
        self.axis, self.values = first["axis"], tuple(first["values"]) or (None,)
        self.swept = self.axis not in ("", "shown")
        self._columns = list(first["columns"])
        self._scores = {row["image"]: np.array(row["scores"], float) for row in rows}
        self.images = tuple(self._scores)

    def scores(self, columns: Sequence[str], k: int, images: Iterable[str]) -> np.ndarray:
        """Return the figures at the k-th value, ``(images, columns)``."""
        taken = [self._columns.index(name) for name in columns]
        return np.array([self._scores[name][k][taken] for name in images])

    def best(self, metric: Shown) -> tuple[int, dict[str, int]]:
        """Return which value is best for all images, and which for each."""
        each = [
            {k: self.scores(metric.columns, k, [name])[0] for k in range(len(self.values))}
            for name in self.images
        ]
        over_set = ods_ois(each, lambda s: metric.combine(np.array(s)), higher=metric.higher)
        choose = max if metric.higher else min
        of_each = {
            name: choose(scores, key=lambda k, s=scores: metric.combine(s[k][None]))
            for name, scores in zip(self.images, each, strict=True)
        }
        return over_set.parameter, of_each


class Line:
    """A line of the table: for each metric, the value of the parameter taken on each image.

    Parameters
    ----------
    group : Group
        Whose rows.
    chosen : str
        How the parameter was chosen, for the reader.
    taken : mapping
        Which value on each image, by the metric's title.
    """

    def __init__(self, group: Group, chosen: str, taken: Mapping[str, Mapping[str, int]]) -> None:
        self.group, self.chosen, self._taken = group, chosen, taken
        self.oracle = "oracle" in chosen

    def scores(self, metric: Shown, columns: Sequence[str], images: Sequence[str]) -> np.ndarray:
        """Return the figures on some images, ``(images, columns)``."""
        taken = self._taken[metric.title]
        return np.concatenate([self.group.scores(columns, taken[i], [i]) for i in images])

    def value(self, metric: Shown) -> float:
        """Value over all images."""
        return metric.combine(self.scores(metric, metric.columns, self.group.images))

    def each(self, metric: Shown, images: Sequence[str]) -> np.ndarray:
        """Value of each image alone."""
        rows = self.scores(metric, metric.columns, images)
        return np.array([metric.combine(row[None]) for row in rows])

    def segments(self, first: Shown) -> float:
        """Mean number of segments, with the parameter that the first metric takes."""
        return float(self.scores(first, ["segments"], self.group.images).mean())


def print_table(
    rows: Sequence[Row],
    of: ImageSet,
    names: Collection[str],
    beside: Collection[str],
    *,
    reference: str,
    common: bool,
) -> None:
    """Print the table of the images named.

    Parameters
    ----------
    rows : sequence of mapping
        All there are.
    of : ImageSet
        Which set.
    names : collection of str
        Which images.
    beside : collection of str
        Other images, whose rows choose the parameters that are swept.
    reference : str
        What differences are to.
    common : bool
        True to keep the images that every method has.
    """
    mine = [row for row in rows if row["set"] == of.name and row["image"] in names]
    groups = _groups(mine)
    if common:
        shared = set.intersection(*(set(group.images) for group in groups.values()))
        groups = _groups(row for row in mine if row["image"] in shared)
    others = _groups(row for row in rows if row["image"] in beside)
    # A choice that some images have no part in yet would change from one table to the next.
    elsewhere = {key: group for key, group in others.items() if len(group.images) == len(beside)}
    metrics = METRICS[of.kind]
    lines = [line for key, g in groups.items() for line in _lines(g, elsewhere.get(key), metrics)]
    _print_lines(lines, _reference(lines, reference), metrics, of.name)


def _reference(lines: Sequence[Line], name: str) -> Line:
    """Return the line differences are to: one that nobody chose with the truth, if there is."""
    found = [line for line in lines if line.group.name == name]
    if not found:
        raise SystemExit(f"There are no rows of {name} to compare with.")
    return min(found, key=lambda line: line.oracle)


def _print_lines(lines: Sequence[Line], versus: Line, metrics: Sequence[Shown], where: str) -> None:
    compared = metrics[:DIFFERENCES]
    label = ": ".join(filter(None, (title(versus.group.key), versus.chosen)))
    print(f"`{where}`; differences, mean ± standard error over images, are to {label}.\n")
    heads = ["", "parameter", "images", "segments", *(m.title for m in metrics)]
    heads += [f"{m.title}: difference" for m in compared]
    _print_row(heads)
    _print_row(["---"] * len(heads))
    for line in lines:
        differences = [_difference(line, versus, metric) for metric in compared]
        _print_row([*_start(line, metrics), *differences])


def _groups(rows: Iterable[Row]) -> dict[str, Group]:
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        key = json.dumps([row.get(name) for name in IDENTITY], sort_keys=True)
        found[key].setdefault(row["image"], row)
    return {key: Group(list(by_image.values())) for key, by_image in found.items()}


def _lines(group: Group, elsewhere: Group | None, metrics: Sequence[Shown]) -> list[Line]:
    """Say which values of the parameter are shown: all of a run's, the best ones of a sweep."""
    if not group.swept:
        return [
            Line(group, "" if value is None else f"after {value}", _same(group, metrics, k))
            for k, value in enumerate(group.values)
        ][::-1]
    best = {m.title: group.best(m if m.chooses else metrics[0]) for m in metrics}
    over_set = {name: dict.fromkeys(group.images, k) for name, (k, _) in best.items()}
    first = group.values[best[metrics[0].title][0]]
    found = [
        Line(group, f"ODS, oracle ({group.axis} {first:g} for {metrics[0].title})", over_set),
        Line(group, "OIS, oracle", {name: each for name, (_, each) in best.items()}),
    ]
    if group.axis == "level" and (own := own_level(group.key)) in group.values:
        found.append(
            Line(group, f"level {own:g}, its own", _same(group, metrics, group.values.index(own)))
        )
    if elsewhere is not None:
        k, _ = elsewhere.best(metrics[0])
        chosen = f"{group.axis} {group.values[k]:g}, chosen on {len(elsewhere.images)} others"
        found.append(Line(group, chosen, _same(group, metrics, k)))
    return found


def _same(group: Group, metrics: Sequence[Shown], k: int) -> dict[str, dict[str, int]]:
    return {metric.title: dict.fromkeys(group.images, k) for metric in metrics}


def _start(line: Line, metrics: Sequence[Shown]) -> list[str]:
    values = [f"{line.value(metric):.3f}" for metric in metrics]
    name = title(line.group.key)
    return [
        name,
        line.chosen,
        f"{len(line.group.images)}",
        f"{line.segments(metrics[0]):.0f}",
        *values,
    ]


def _difference(line: Line, versus: Line, metric: Shown) -> str:
    """Mean over the images that both have of the difference, with its standard error."""
    common = [name for name in line.group.images if name in versus.group.images]
    if line is versus or len(common) < 2:
        return ""
    difference = line.each(metric, common) - versus.each(metric, common)
    error = difference.std(ddof=1) / len(common) ** 0.5
    return f"{difference.mean():+.3f} ± {error:.3f}"


def _print_row(cells: Sequence[str]) -> None:
    print(f"| {' | '.join(cells)} |")
