"""Small networks, for planes and volumes from one definition."""

from .normalisation import Normalisation
from .responses import Convolution, Responses, assign, initialise, measure

__all__ = [
    "Convolution",
    "Normalisation",
    "Responses",
    "assign",
    "initialise",
    "measure",
]
