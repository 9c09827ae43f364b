"""Losses: one function an equation."""

from .continuity import continuity
from .cross_entropy import cross_entropy
from .cut import similarity, soft_cut
from .deepcut import correlation, orthogonality, relaxed_cut
from .scribbles import scribbled
from .superae import reconstruction, template

__all__ = [
    "continuity",
    "correlation",
    "cross_entropy",
    "orthogonality",
    "reconstruction",
    "relaxed_cut",
    "scribbled",
    "similarity",
    "soft_cut",
    "template",
]
