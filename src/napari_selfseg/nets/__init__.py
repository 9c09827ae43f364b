"""Small networks, for planes and volumes from one definition."""

from .crops import Crop, cropped, crops, draw_crops
from .dcs import DCS, associations, centres
from .fts import FTS
from .normalisation import Normalisation
from .responses import Convolution, Responses, assign, initialise, measure
from .subnetworks import Subnetworks
from .superae import Embedding, SuperAE

__all__ = [
    "DCS",
    "FTS",
    "Convolution",
    "Crop",
    "Embedding",
    "Normalisation",
    "Responses",
    "Subnetworks",
    "SuperAE",
    "assign",
    "associations",
    "centres",
    "cropped",
    "crops",
    "draw_crops",
    "initialise",
    "measure",
]
