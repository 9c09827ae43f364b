"""Small networks, for planes and volumes from one definition."""

from .memory import keep_freed_memory, release_freed_memory
from .normalisation import Normalisation
from .precision import fast_bfloat16
from .responses import Convolution, Responses, assign, initialise, measure

__all__ = [
    "Convolution",
    "Normalisation",
    "Responses",
    "assign",
    "fast_bfloat16",
    "initialise",
    "keep_freed_memory",
    "measure",
    "release_freed_memory",
]
