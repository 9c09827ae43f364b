"""Losses: one function an equation."""

from .continuity import continuity
from .cross_entropy import cross_entropy
from .cut import similarity, soft_cut
from .deepcut import correlation, orthogonality, relaxed_cut
from .mutual_information import joint, mutual_information
from .scribbles import scribbled
from .spnn import clustering, edges, reconstructions, smoothness, total_variation
from .superae import reconstruction, template

__all__ = [
    "clustering",
    "continuity",
    "correlation",
    "cross_entropy",
    "edges",
    "joint",
    "mutual_information",
    "orthogonality",
    "reconstruction",
    "reconstructions",
    "relaxed_cut",
    "scribbled",
    "similarity",
    "smoothness",
    "soft_cut",
    "template",
    "total_variation",
]
