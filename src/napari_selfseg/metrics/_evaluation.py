"""Every metric of labels against the ground truths of an image, each table counted once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from napari_selfseg.metrics._adherence import (
    achievable_segmentation_accuracy,
    undersegmentation_error,
)
from napari_selfseg.metrics._boundaries import (
    TOLERANCE,
    BoundaryMatch,
    boundary_displacement_error,
    boundary_match,
)
from napari_selfseg.metrics._contingency import Contingency, contingency
from napari_selfseg.metrics._covering import Covering, covering_of, global_consistency_error
from napari_selfseg.metrics._information import variation_of_information
from napari_selfseg.metrics._instances._aggregated import aggregated_jaccard
from napari_selfseg.metrics._instances._background import BACKGROUND, doubt
from napari_selfseg.metrics._instances._objects import (
    THRESHOLDS,
    Objects,
    average_precision,
    objects,
)
from napari_selfseg.metrics._matching import hungarian, majority
from napari_selfseg.metrics._names import METRICS
from napari_selfseg.metrics._rand import adapted_rand_error, adjusted_rand_index, rand_index

__all__ = ["Comparison", "Evaluation", "evaluate", "overall"]


@dataclass(frozen=True)
class Comparison:
    """Labels against one annotator.

    Attributes
    ----------
    n_segments, n_regions : int
        Segments of the labels and regions the annotator drew, on pixels that count.
    n_pixels : int
        Pixels that count.
    covering : Covering
        As a fraction.
    objects : Objects or None
        Segments as objects; None where they cannot be compared as such.
    remark : str
        Why not, or what to keep in mind; mostly empty.
    scores : mapping of str to float
        Metrics that are averaged over annotators, then images.
    """

    n_segments: int
    n_regions: int
    n_pixels: int
    covering: Covering
    objects: Objects | None
    remark: str
    scores: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "segments": self.n_segments,
            "regions": self.n_regions,
            "pixels": self.n_pixels,
            "covering": self.covering._asdict(),
            "objects": None if self.objects is None else _counts(self.objects),
            "remark": self.remark,
            **self.scores,
        }


@dataclass(frozen=True)
class Evaluation:
    """Labels of an image against all its annotators.

    Attributes
    ----------
    annotators : tuple of Comparison
        One each.
    boundary : BoundaryMatch or None
        Against all annotators together; None when boundaries were left out.
    """

    annotators: tuple[Comparison, ...]
    boundary: BoundaryMatch | None

    @property
    def n_segments(self) -> int:
        """Segments of the labels; where annotators ignore different pixels, the most."""
        return max(each.n_segments for each in self.annotators)

    @property
    def remark(self) -> str:
        """What the first annotator has who has any to say of figures of objects."""
        return next((each.remark for each in self.annotators if each.remark), "")

    @property
    def values(self) -> dict[str, float]:
        """Value by name of `METRICS`."""
        return overall([self])

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold: values, and the counts they come from."""
        return {
            "segments": self.n_segments,
            "values": self.values,
            "boundary": None if self.boundary is None else self.boundary._asdict(),
            "annotators": [each.as_dict() for each in self.annotators],
        }


def evaluate(
    labels: ArrayLike,
    truths: Iterable[ArrayLike],
    *,
    ignore: Collection[int] = (),
    background: Collection[int] = BACKGROUND,
    tolerance: float | None = TOLERANCE,
    spacing: Sequence[float] | None = None,
) -> Evaluation:
    """Compare labels with the ground truths of an image.

    Parameters
    ----------
    labels : array_like of int
        Plane or volume; a label is one segment, connected or not, 0 as any other.
    truths : iterable of array_like of int
        One an annotator.
    ignore : collection of int
        Labels of the truths whose pixels do not count.
    background : collection of int
        Labels, in either, that are no object. Figures of objects are left out, and `remark` says
        why, where only the truth has any, or one region of a truth without covers more than
        half of the pixels. Without any, every label is an object.
    tolerance : float or None
        Of boundaries, as a share of the image's diagonal; None leaves out every metric of
        boundaries, which take most of the time.
    spacing : sequence of float, optional
        Size of a pixel along each axis.

    Raises
    ------
    ValueError
        When there is no truth, the shapes differ, labels are not whole numbers, or every pixel
        is ignored.
    """
    drawn = [np.asarray(truth) for truth in truths]
    if not drawn:
        raise ValueError("There is no ground truth to compare with.")
    tables = [contingency(labels, truth, ignore=ignore) for truth in drawn]
    extra: list[dict[str, float]] = [{} for _ in tables]
    match = None
    if tolerance is not None:
        errors = boundary_displacement_error(labels, drawn, ignore=ignore, spacing=spacing)
        extra = [{"bde": error} for error in errors]
        match = boundary_match(labels, drawn, ignore=ignore, tolerance=tolerance, spacing=spacing)
    compared = (_compared(t, background, more) for t, more in zip(tables, extra, strict=True))
    return Evaluation(tuple(compared), match)


def _compared(
    table: Contingency, background: Collection[int], more: Mapping[str, float]
) -> Comparison:
    information = variation_of_information(table)
    one_to_one, by_majority = hungarian(table), majority(table)
    doubts = doubt(table, background)
    found = None if doubts.refused else objects(table, background=background)
    scores = {
        "rand": rand_index(table),
        "adjusted_rand": adjusted_rand_index(table),
        "adapted_rand_error": adapted_rand_error(table),
        "voi": information.total,
        "voi_over": information.over,
        "voi_under": information.under,
        "gce": global_consistency_error(table),
        **more,
        "asa": achievable_segmentation_accuracy(table),
        "undersegmentation": undersegmentation_error(table),
        **({} if found is None else _of_objects(found, table, background)),
        "hungarian_accuracy": one_to_one.accuracy,
        "hungarian_miou": one_to_one.mean_iou,
        "majority_accuracy": by_majority.accuracy,
        "majority_miou": by_majority.mean_iou,
    }
    return Comparison(
        len(table.row_sizes),
        len(table.column_sizes),
        table.total,
        covering_of(table),
        found,
        doubts.sentence,
        scores,
    )


def _of_objects(
    found: Objects, table: Contingency, background: Collection[int]
) -> dict[str, float]:
    return {
        "object_f_50": found.f_score(0.5),
        "object_f_70": found.f_score(0.7),
        "instance_ap_50": found.accuracy(0.5),
        "instance_ap_75": found.accuracy(0.75),
        "instance_ap": found.mean_accuracy,
        "panoptic_quality": found.panoptic_quality,
        "segmentation_quality": found.segmentation_quality,
        "aggregated_jaccard": aggregated_jaccard(table, background=background),
    }


def _counts(found: Objects) -> dict[str, Any]:
    return {
        "segments": len(found.best),
        "regions": found.n_regions,
        "true_positives": {f"{t:.2f}": found.hits(t) for t in THRESHOLDS},
        "instance_ap": {f"{t:.2f}": found.accuracy(t) for t in THRESHOLDS},
    }


def overall(images: Sequence[Evaluation]) -> dict[str, float]:
    """Summarise a set of images.

    Covering and boundaries sum counts over images before dividing, average precision by size
    pools the segments; all others are means over annotators, then images.

    Parameters
    ----------
    images : sequence of Evaluation
        At least one.

    Returns
    -------
    dict
        Value by name of `METRICS`, in that order; those of boundaries are missing where they
        were left out, those of objects where any comparison is without them.

    Raises
    ------
    ValueError
        When there is no image.
    """
    if not images:
        raise ValueError("There is no image to summarise.")
    every = [each for image in images for each in image.annotators]
    shared = [name for name in every[0].scores if all(name in each.scores for each in every)]
    found = {
        name: float(np.mean([np.mean([a.scores[name] for a in i.annotators]) for i in images]))
        for name in shared
    }
    found["covering"] = Covering.summed(each.covering for each in every).value
    pool = [each.objects for each in every if each.objects is not None]
    for threshold in (0.5, 0.7) if len(pool) == len(every) else ():
        name = f"object_ap_{threshold * 100:.0f}"
        found[name] = average_precision(pool, threshold)
    matches = [image.boundary for image in images if image.boundary is not None]
    if matches:
        match = BoundaryMatch.summed(matches)
        found["boundary_precision"] = match.precision
        found["boundary_recall"] = match.recall
        found["boundary_f"] = match.f_score
    return {metric.name: found[metric.name] for metric in METRICS if metric.name in found}
