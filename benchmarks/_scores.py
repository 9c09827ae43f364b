"""Raw figures of one label map that can be summed or averaged over images, and how to do so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from _baselines import SMALLEST
from _sets import Case, Kind

from napari_selfseg.metrics import (
    BoundaryMatch,
    Covering,
    Evaluation,
    aggregated_jaccard,
    contingency,
    evaluate,
    hungarian,
    objects,
)
from napari_selfseg.objects import connected

Figures = dict[str, float]

TOLERANCE = 0.0075  # of boundaries, a share of the diagonal, as in BSDS
PARTITION = ("covered", "total", "rand", "voi", "voi_over", "voi_under", "gce")
BOUNDARY = ("bde", "right", "drawn", "found", "annotated")
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "regions": ("segments", *PARTITION, *BOUNDARY),
    "classes": ("segments", *PARTITION, "hungarian_accuracy", "hungarian_miou", "majority_miou"),
    "cells": ("segments", *PARTITION, "adapted_rand_error", "object_f_50"),
    "nuclei": ("segments", "two_class_miou", "objects", "object_f_50", "instance_ap_50"),
}


class Shown(NamedTuple):
    """A metric of the table.

    Attributes
    ----------
    title : str
        Heading.
    columns : tuple of str
        What it is made of.
    combine : callable
        Value of the figures of a set of images, ``(images, columns)``.
    higher : bool
        True when a higher value is better.
    chooses : bool
        False when the best value says nothing alone, so that it never chooses a parameter.
    """

    title: str
    columns: tuple[str, ...]
    combine: Callable[[np.ndarray], float]
    higher: bool
    chooses: bool = True


def _mean(rows: np.ndarray) -> float:
    return float(rows.mean())


def _covering(rows: np.ndarray) -> float:
    return Covering.summed(Covering(*row) for row in rows).value


def _boundary_f(rows: np.ndarray) -> float:
    return BoundaryMatch.summed(BoundaryMatch(*row) for row in rows).f_score


def _plain(title: str, column: str, *, higher: bool, chooses: bool = True) -> Shown:
    return Shown(title, (column,), _mean, higher, chooses)


SC = Shown("SC", ("covered", "total"), _covering, True)
PRI = _plain("PRI", "rand", higher=True)
VOI = _plain("VoI", "voi", higher=False)
BOUNDARY_F = Shown("boundary F", ("right", "drawn", "found", "annotated"), _boundary_f, True)
# The first also chooses for those that do not choose themselves, and where one parameter is chosen
# for all metrics.
METRICS: dict[Kind, tuple[Shown, ...]] = {
    "regions": (SC, PRI, VOI, _plain("GCE", "gce", higher=False, chooses=False), BOUNDARY_F),
    "classes": (
        _plain("mIoU one to one", "hungarian_miou", higher=True),
        _plain("mIoU by majority", "majority_miou", higher=True, chooses=False),
        SC,
        VOI,
    ),
    "cells": (
        _plain("adapted Rand error", "adapted_rand_error", higher=False),
        VOI,
        SC,
        _plain("object F at 0.5", "object_f_50", higher=True),
    ),
    "nuclei": (
        _plain("AP at 0.5", "instance_ap_50", higher=True),
        _plain("object F at 0.5", "object_f_50", higher=True),
        _plain("two-class mIoU", "two_class_miou", higher=True),
    ),
}


def figures(labels: np.ndarray, case: Case, *, finds_objects: bool) -> Figures:
    """Compare labels with the truths of an image.

    Nuclei need objects on a background, which a partition does not name: its largest label is
    taken as background, and connected pieces of the others as objects. Cells are the connected
    pieces of all labels. Pieces of fewer than 30 pixels go to a neighbour first.
    """
    if case.of.kind == "nuclei":
        return _nuclei(labels, case, finds_objects)
    if case.of.kind == "cells":
        labels = connected(labels - labels.min() + 1, minimum_size=SMALLEST)
    return _against(labels, case.truths, case)


def human(case: Case) -> Figures | None:
    """Compare each annotator with the others: coverings are summed, the rest averaged."""
    truths = case.truths
    if len(truths) < 2:
        return None
    each = [_against(t, truths[:k] + truths[k + 1 :], case) for k, t in enumerate(truths)]
    summed = ("covered", "total", *BOUNDARY[1:])
    return {
        name: float((np.sum if name in summed else np.mean)([one[name] for one in each]))
        for name in each[0]
    }


def object_scores(labels: np.ndarray, truth: np.ndarray) -> Figures:
    """Compare objects with those of a truth; label 0 is background in both.

    Returns
    -------
    dict
        ``f1`` and ``ap50`` at an IoU above 0.5, ``map`` over 0.50, 0.55, ... 0.95, ``pq`` and
        ``aji``, each 0 to 1.
    """
    table = contingency(labels, truth)
    found = objects(table)
    return {
        "f1": found.f_score(0.5),
        "ap50": found.accuracy(0.5),
        "map": found.mean_accuracy,
        "pq": found.panoptic_quality,
        "aji": aggregated_jaccard(table),
    }


def _against(labels: np.ndarray, truths: Sequence[np.ndarray], case: Case) -> Figures:
    # Boundaries take most of the time.
    tolerance = TOLERANCE if case.of.kind == "regions" else None
    # Regions and cells fill the image: every label is one.
    found = evaluate(labels, truths, ignore=case.of.ignore, background=(), tolerance=tolerance)
    every = _every(found)
    return {name: every[name] for name in COLUMNS[case.of.kind]}


def _every(found: Evaluation) -> Figures:
    covering = Covering.summed(each.covering for each in found.annotators)
    match = {} if found.boundary is None else found.boundary._asdict()
    return {"segments": found.n_segments, **found.values, **covering._asdict(), **match}


def _nuclei(labels: np.ndarray, case: Case, finds_objects: bool) -> Figures:
    (truth,) = case.truths
    pieces = labels if finds_objects else _on_background(labels)
    scores = object_scores(pieces, truth)
    classes = labels > 0 if finds_objects else labels
    return {
        "segments": len(np.unique(classes)),
        "two_class_miou": hungarian(contingency(classes, truth > 0)).mean_iou,
        "objects": len(np.unique(pieces[pieces > 0])),
        "object_f_50": scores["f1"],
        "instance_ap_50": scores["ap50"],
    }


def _on_background(labels: np.ndarray) -> np.ndarray:
    """Make the largest label 0, and an object of every connected piece of the others."""
    sizes = np.bincount(labels.ravel())
    largest = sizes.argmax()
    # Tidied while the background still is a class that a small piece can go to.
    pieces = connected(labels - labels.min() + 1, minimum_size=SMALLEST)
    first = np.unique(pieces, return_index=True)[1]
    of_background = np.flatnonzero(labels.ravel()[first] == largest) + 1
    return np.where(np.isin(pieces, of_background), 0, pieces)
