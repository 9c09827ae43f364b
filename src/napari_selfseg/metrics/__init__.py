"""How well labels fit ground truth; everything from one sparse contingency table."""

from napari_selfseg.metrics._adherence import (
    achievable_segmentation_accuracy,
    undersegmentation_error,
)
from napari_selfseg.metrics._boundaries import (
    BoundaryMatch,
    boundary_displacement_error,
    boundary_match,
)
from napari_selfseg.metrics._boundary_map import boundary_map
from napari_selfseg.metrics._contingency import Contingency, contingency
from napari_selfseg.metrics._covering import (
    Covering,
    covering,
    covering_of,
    global_consistency_error,
)
from napari_selfseg.metrics._disagreement import MERGED, SPLIT, disagreement
from napari_selfseg.metrics._evaluation import Comparison, Evaluation, evaluate, overall
from napari_selfseg.metrics._information import Information, variation_of_information
from napari_selfseg.metrics._instances._aggregated import aggregated_jaccard
from napari_selfseg.metrics._instances._background import BACKGROUND
from napari_selfseg.metrics._instances._kinds import (
    FOUND,
    MISSED,
    WRONG,
    ObjectKinds,
    object_kinds,
)
from napari_selfseg.metrics._instances._objects import Objects, average_precision, objects
from napari_selfseg.metrics._matching import Matched, assigned, hungarian, majority
from napari_selfseg.metrics._names import METRICS, Metric
from napari_selfseg.metrics._rand import adapted_rand_error, adjusted_rand_index, rand_index
from napari_selfseg.metrics._sweep import Best, ods_ois
from napari_selfseg.metrics._unsupervised import (
    UNSUPERVISED,
    BoundaryStrength,
    Contrast,
    Stability,
    boundary_strength,
    contrast,
    stability,
    unsupervised,
)

__all__ = [
    "BACKGROUND",
    "FOUND",
    "MERGED",
    "METRICS",
    "MISSED",
    "SPLIT",
    "UNSUPERVISED",
    "WRONG",
    "Best",
    "BoundaryMatch",
    "BoundaryStrength",
    "Comparison",
    "Contingency",
    "Contrast",
    "Covering",
    "Evaluation",
    "Information",
    "Matched",
    "Metric",
    "ObjectKinds",
    "Objects",
    "Stability",
    "achievable_segmentation_accuracy",
    "adapted_rand_error",
    "adjusted_rand_index",
    "aggregated_jaccard",
    "assigned",
    "average_precision",
    "boundary_displacement_error",
    "boundary_map",
    "boundary_match",
    "boundary_strength",
    "contingency",
    "contrast",
    "covering",
    "covering_of",
    "disagreement",
    "evaluate",
    "global_consistency_error",
    "hungarian",
    "majority",
    "object_kinds",
    "objects",
    "ods_ois",
    "overall",
    "rand_index",
    "stability",
    "undersegmentation_error",
    "unsupervised",
    "variation_of_information",
]
