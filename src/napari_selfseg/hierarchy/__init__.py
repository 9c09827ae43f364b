"""From many label maps of one image to a tree of segments, cut wherever the user likes."""

from napari_selfseg.hierarchy._agreement import disagreement, half_distances
from napari_selfseg.hierarchy._drawn import divided, drawn_on, weights
from napari_selfseg.hierarchy._globalisation import globalised
from napari_selfseg.hierarchy._hierarchy import LEVEL, Hierarchy
from napari_selfseg.hierarchy._level import height_at
from napari_selfseg.hierarchy._linkage import AVERAGE, REGIONS, Linkage
from napari_selfseg.hierarchy._matching import matched
from napari_selfseg.hierarchy._multicut import multicut
from napari_selfseg.hierarchy._tree import Tree, linked

__all__ = [
    "AVERAGE",
    "LEVEL",
    "REGIONS",
    "Hierarchy",
    "Linkage",
    "Tree",
    "disagreement",
    "divided",
    "drawn_on",
    "globalised",
    "half_distances",
    "height_at",
    "linked",
    "matched",
    "multicut",
    "weights",
]
