"""Figures of several labels side by side; slow, so for a worker thread. No Qt here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.metrics import (
    METRICS,
    UNSUPERVISED,
    Evaluation,
    evaluate,
    stability,
    unsupervised,
)
from napari_selfseg.widgets.evaluate._comparison import Comparison

__all__ = ["TRUTH", "WITHOUT", "Figures", "Row", "figures"]

Better = Literal["higher", "lower", ""]
Labels = NDArray[Any]

TRUTH: Final = "Against the truth"
WITHOUT: Final = "Without ground truth (not accuracy)"
COUNT, FRACTION = ".0f", ".3f"
ABSENT: Final = "\u2013"
LARGE: Final = 1e5  # fractions from here on are shown with an exponent


@dataclass(frozen=True)
class Row:
    """One figure of each of the labels.

    Attributes
    ----------
    group : str
        `TRUTH` or `WITHOUT`.
    name, title : str
        Key and words.
    values : tuple of float
        One each, NaN where there can be none; a single one that belongs to all together.
    better : {"higher", "lower", ""}
        Empty where neither is.
    form : str
        How a value is written in the window.
    """

    group: str
    name: str
    title: str
    values: tuple[float, ...]
    better: Better = ""
    form: str = FRACTION

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as shown."""
        return tuple(self._text(value) for value in self.values)

    @property
    def best(self) -> frozenset[int]:
        """Which of the values are shown as the best; none where all are shown alike."""
        known = [value for value in self.values if not np.isnan(value)]
        if not self.better or len({self._text(value) for value in known}) < 2:
            return frozenset()
        best = self._text((max if self.better == "higher" else min)(known))
        return frozenset(k for k, each in enumerate(self.texts) if each == best)

    def _text(self, value: float) -> str:
        if np.isnan(value):
            return ABSENT
        large = abs(value) >= LARGE and self.form == FRACTION
        return f"{value:.4g}" if large else f"{value:{self.form}}"


@dataclass(frozen=True)
class Figures:
    """A table of figures.

    Attributes
    ----------
    names : tuple of str
        Of the labels layers, one a column.
    rows : tuple of Row
        Those of a group together.
    compared : tuple of (str, str)
        With what, and how.
    note : str
        The same as a sentence.
    remarks : tuple of str
        What to keep in mind of figures of objects, one for each of the labels; mostly empty.
    """

    names: tuple[str, ...]
    rows: tuple[Row, ...]
    compared: tuple[tuple[str, str], ...]
    note: str
    remarks: tuple[str, ...]

    def lines(self) -> list[list[str]]:
        """Return the table as text: a head, the rows with six digits, and what was compared."""
        n = len(self.names)
        found = [["group", "metric", "better", *self.names]]
        for row in self.rows:
            values = row.values if len(row.values) == n else row.values * n
            cells = ["" if np.isnan(value) else f"{value:.6g}" for value in values]
            found.append([row.group, row.title.strip(), row.better, *cells])
        if any(self.remarks):
            found.append([TRUTH, "Remarks", "", *self.remarks])
        found += [["Compared with", what, "", *[how] * n] for what, how in self.compared]
        # Names of layers may hold tabs and line breaks, which would end a cell.
        return [[" ".join(cell.split()) for cell in line] for line in found]


def figures(comparison: Comparison) -> Figures:
    """Compute every figure there can be.

    Raises
    ------
    ValueError
        When labels cannot be compared, with the name of their layer.
    """
    every = [part.read() for part in comparison.labels]
    scored = _evaluations(comparison, every)
    rows = [*_against(comparison, scored), *_plain(comparison, every), *_together(every)]
    names = tuple(part.name for part in comparison.labels)
    remarks = tuple(each.remark for each in scored)
    sentences = [f"{name}: {each}" for name, each in zip(names, remarks, strict=False) if each]
    note = " ".join([_note(comparison, every[0].shape), *sentences])
    return Figures(names, tuple(rows), _compared(comparison), note, remarks)


def _evaluations(comparison: Comparison, every: Sequence[Labels]) -> list[Evaluation]:
    truths = [part.read() for part in comparison.truths]
    pairs = zip(comparison.labels, every, strict=True) if truths else ()
    return [_evaluated(part.name, labels, truths, comparison) for part, labels in pairs]


def _against(comparison: Comparison, found: Sequence[Evaluation]) -> Iterator[Row]:
    if not found:
        return
    n_segments = tuple(float(each.n_segments) for each in found)
    regions = tuple(float(np.mean([a.n_regions for a in each.annotators])) for each in found)
    yield Row(TRUTH, "segments", "Number of segments", n_segments, form=COUNT)
    form = COUNT if len(comparison.truths) == 1 else ".1f"
    yield Row(TRUTH, "regions", "Regions of the truth", regions, form=form)
    values = [each.values for each in found]
    for metric in METRICS:
        better: Better = "higher" if metric.higher else "lower"
        column = tuple(each.get(metric.name, np.nan) for each in values)
        yield Row(TRUTH, metric.name, metric.title, column, better)


def _evaluated(
    name: str, labels: Labels, truths: Sequence[Labels], comparison: Comparison
) -> Evaluation:
    try:
        return evaluate(
            labels,
            truths,
            ignore=comparison.ignore,
            background=comparison.background,
            spacing=comparison.spacing,
        )
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _plain(comparison: Comparison, every: Sequence[Labels]) -> Iterator[Row]:
    if not comparison.truths:
        counts = tuple(float(len(np.unique(labels))) for labels in every)
        yield Row(WITHOUT, "segments", "Number of segments", counts, form=COUNT)
    if comparison.image is None:
        return
    image = comparison.image.read()
    found = [_of_image(image, labels) for labels in every]
    for name, title in UNSUPERVISED.items():
        yield Row(WITHOUT, name, title, tuple(each[name] for each in found))


def _of_image(image: NDArray[Any], labels: Labels) -> dict[str, float]:
    axis = None if image.ndim == labels.ndim else -1
    return unsupervised(image, labels, channel_axis=axis)


def _together(every: Sequence[Labels]) -> Iterator[Row]:
    if len(every) < 2:
        return
    stable = stability(every)
    rand = "Adjusted Rand index of the labels with each other"
    voi = "Variation of information of the labels with each other (bits)"
    yield Row(WITHOUT, "stability_rand", rand, (stable.adjusted_rand,))
    yield Row(WITHOUT, "stability_voi", voi, (stable.voi,))


def _compared(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    found = {
        "truth": ", ".join(part.name for part in comparison.truths),
        "ignored labels": ", ".join(map(str, comparison.ignore)),
        "background labels": ", ".join(map(str, comparison.background)),
        "image": "" if comparison.image is None else comparison.image.name,
        "only over": comparison.cropped,
    }
    return tuple((what, how) for what, how in found.items() if how)


def _note(comparison: Comparison, shape: Sequence[int]) -> str:
    pixels = " x ".join(map(str, shape))
    n = len(comparison.truths)
    truths = f" with {n} truth layer{'s' if n > 1 else ''}" if n else ""
    if comparison.cropped:
        return f"Compared{truths}, only on the {pixels} pixels of {comparison.cropped}."
    return f"Compared{truths} on {pixels} pixels."
