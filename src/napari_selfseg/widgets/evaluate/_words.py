"""What the figures are called where there is little room, and what each means."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["WORDS", "Words"]


class Words(NamedTuple):
    """About a figure.

    Attributes
    ----------
    short : str
        Its name in the window; the table that is copied or saved has the whole one.
    meaning : str
        In a sentence or two, for its tooltip.
    """

    short: str
    meaning: str


WORDS: Final = {
    "segments": Words(
        "Segments",
        "How many labels there are, on pixels that count.",
    ),
    "regions": Words(
        "Truth regions",
        "How many regions the truth has; with several truth layers, their mean.",
    ),
    "covering": Words(
        "Covering",
        "How well the best segment of each region overlaps it (IoU), weighted by the size of "
        "the region. Large regions decide.",
    ),
    "rand": Words(
        "Rand (PRI)",
        "Share of the pairs of pixels on which labels and truth agree whether they belong "
        "together. It rewards over-segmentation.",
    ),
    "adjusted_rand": Words(
        "Adjusted Rand",
        "The Rand index with chance at 0 and full agreement at 1.",
    ),
    "adapted_rand_error": Words(
        "Adapted Rand error",
        "1 - F of the pairs of pixels that lie together. A large merged segment counts by the "
        "square of its size.",
    ),
    "voi": Words(
        "VoI (bits)",
        "What labels and truth do not tell about each other, in bits: the sum of the two "
        "figures below.",
    ),
    "voi_over": Words(
        "  split",
        "What was split: how unsure the segment of a pixel is once its region is known.",
    ),
    "voi_under": Words(
        "  merged",
        "What was merged: how unsure the region of a pixel is once its segment is known.",
    ),
    "gce": Words(
        "GCE",
        "Share of pixels in error when refinement is forgiven either way. Meaningless alone: "
        "0 for a single segment, and for one pixel a segment.",
    ),
    "bde": Words(
        "BDE (pixels)",
        "Mean distance between the boundaries, in pixels (of the finest axis).",
    ),
    "boundary_precision": Words(
        "Boundary precision",
        "Share of the boundary pixels of the labels near one of the truth: within 0.75 % of "
        "the image's diagonal.",
    ),
    "boundary_recall": Words(
        "Boundary recall",
        "Share of the boundary pixels of the truth near one of the labels. Dense superpixels "
        "reach 1.",
    ),
    "boundary_f": Words(
        "Boundary F",
        "Harmonic mean of boundary precision and recall.",
    ),
    "asa": Words(
        "ASA",
        "Accuracy when each segment gets its best region. Grows with the number of segments.",
    ),
    "undersegmentation": Words(
        "Under-seg. error",
        "How much of the segments leaks over the borders of regions. Falls with the number of "
        "segments.",
    ),
    "object_f_50": Words(
        "Object F, 0.5",
        "2 TP / (2 TP + FP + FN), an object being found when its IoU is above 0.5.",
    ),
    "object_f_70": Words(
        "Object F, 0.7",
        "2 TP / (2 TP + FP + FN), an object being found when its IoU is above 0.7.",
    ),
    "object_ap_50": Words(
        "Object AP, 0.5",
        "Area under precision against recall, the segments taken by decreasing size; found "
        "above an IoU of 0.5.",
    ),
    "object_ap_70": Words(
        "Object AP, 0.7",
        "Area under precision against recall, the segments taken by decreasing size; found "
        "above an IoU of 0.7.",
    ),
    "instance_ap_50": Words(
        "Instance AP, 0.5",
        "TP / (TP + FP + FN), an object being found when its IoU is above 0.5.",
    ),
    "instance_ap_75": Words(
        "Instance AP, 0.75",
        "TP / (TP + FP + FN), an object being found when its IoU is above 0.75.",
    ),
    "instance_ap": Words(
        "Instance AP, mean",
        "TP / (TP + FP + FN), the mean over IoU thresholds 0.50, 0.55, ... 0.95.",
    ),
    "panoptic_quality": Words(
        "PQ",
        "Panoptic quality: Object F at 0.5 times the mean IoU of the objects that are found.",
    ),
    "segmentation_quality": Words(
        "  outlines (SQ)",
        "Mean IoU of the objects that are found, above an IoU of 0.5. Says nothing of those "
        "that are not.",
    ),
    "aggregated_jaccard": Words(
        "AJI",
        "Aggregated Jaccard index: pixels that true objects share with the object that meets "
        "each best, over all pixels of these pairs and of the objects left over.",
    ),
    "hungarian_accuracy": Words(
        "Accuracy, 1 to 1",
        "Share of pixels whose segment is matched to their class, one segment to one class. "
        "Segments left over are wrong.",
    ),
    "hungarian_miou": Words(
        "Mean IoU, 1 to 1",
        "Mean IoU of the classes with the segments matched to them one to one.",
    ),
    "majority_accuracy": Words(
        "Accuracy, majority",
        "Share of pixels in the class most of their segment lies in. Grows with the number of "
        "segments.",
    ),
    "majority_miou": Words(
        "Mean IoU, majority",
        "Mean IoU when each segment takes the class most of it lies in. Grows with the number "
        "of segments.",
    ),
    "within": Words(
        "Variance inside",
        "Variance of the image within segments, summed over channels.",
    ),
    "between": Words(
        "Contrast",
        "Mean squared distance between the means of neighbouring segments.",
    ),
    "contrast": Words(
        "  share of both",
        "Contrast to neighbours over the sum of both, 0 to 1. One segment for each grey value "
        "does best.",
    ),
    "across": Words(
        "Step at borders",
        "Mean step of the image across the borders of segments.",
    ),
    "elsewhere": Words(
        "Step elsewhere",
        "Mean step of the image between neighbouring pixels of one segment.",
    ),
    "boundary_strength": Words(
        "  share of both",
        "Step across borders over the sum of both; 0.5 is what borders drawn anywhere have.",
    ),
    "stability_rand": Words(
        "Agreement (ARI)",
        "How well the checked labels agree with each other, mean over all pairs; 1 when they "
        "are the same.",
    ),
    "stability_voi": Words(
        "Agreement (VoI)",
        "How much the checked labels differ from each other, mean over all pairs; 0 when they "
        "are the same.",
    ),
}
