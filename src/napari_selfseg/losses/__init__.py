"""Losses: one function an equation."""

from .continuity import continuity
from .cross_entropy import cross_entropy

__all__ = ["continuity", "cross_entropy"]
