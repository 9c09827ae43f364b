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
    "orthogonality",
    "reconstruction",
    "relaxed_cut",
    "edges",
    "joint",
    "mutual_information",
    "reconstruction",
    "reconstructions",
    "scribbled",
    "similarity",
    "smoothness",
    "soft_cut",
    "template",
    "total_variation",
]
