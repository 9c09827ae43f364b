"""What the metrics are called, and which way is better."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["METRICS", "Metric"]


class Metric(NamedTuple):
    """What a value of `overall` is.

    Attributes
    ----------
    name : str
        Its key.
    title : str
        Its name in the literature.
    higher : bool
        True when a higher value is better.
    """

    name: str
    title: str
    higher: bool


METRICS = (
    Metric("covering", "Segmentation covering", True),
    Metric("rand", "Probabilistic Rand index", True),
    Metric("adjusted_rand", "Adjusted Rand index", True),
    Metric("adapted_rand_error", "Adapted Rand error", False),
    Metric("voi", "Variation of information (bits)", False),
    Metric("voi_over", "  of which over-segmentation", False),
    Metric("voi_under", "  of which under-segmentation", False),
    Metric("gce", "Global consistency error", False),
    Metric("bde", "Boundary displacement error", False),
    Metric("boundary_precision", "Boundary precision", True),
    Metric("boundary_recall", "Boundary recall", True),
    Metric("boundary_f", "Boundary F", True),
    Metric("asa", "Achievable segmentation accuracy", True),
    Metric("undersegmentation", "Under-segmentation error", False),
    Metric("object_f_50", "Object F, IoU above 0.5", True),
    Metric("object_f_70", "Object F, IoU above 0.7", True),
    Metric("object_ap_50", "Object AP by size, IoU above 0.5", True),
    Metric("object_ap_70", "Object AP by size, IoU above 0.7", True),
    Metric("instance_ap_50", "Instance AP, IoU above 0.5", True),
    Metric("instance_ap_75", "Instance AP, IoU above 0.75", True),
    Metric("instance_ap", "Instance AP, mean of IoU 0.5 to 0.95", True),
    Metric("panoptic_quality", "Panoptic quality, IoU above 0.5", True),
    Metric("segmentation_quality", "  of which segmentation quality", True),
    Metric("aggregated_jaccard", "Aggregated Jaccard index", True),
    Metric("hungarian_accuracy", "Accuracy, matched one to one", True),
    Metric("hungarian_miou", "Mean IoU, matched one to one", True),
    Metric("majority_accuracy", "Accuracy, matched by majority", True),
    Metric("majority_miou", "Mean IoU, matched by majority", True),
)
