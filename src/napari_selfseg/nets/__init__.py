"""Small networks, for planes and volumes from one definition."""

from .convolution import Convolution
from .crops import Crop, cropped, crops, draw_crops
from .dcs import DCS, associations, centres
from .embedding import Embedding
from .fts import FTS
from .graph import GraphClassifier, dropout_mask, propagation
from .normalisation import Normalisation
from .responses import Responses, assign, initialise, measure
from .subnetworks import Subnetworks
from .superae import SuperAE

__all__ = [
    "DCS",
    "FTS",
    "Convolution",
    "Crop",
    "Embedding",
    "GraphClassifier",
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
    "dropout_mask",
    "initialise",
    "measure",
    "propagation",
]
