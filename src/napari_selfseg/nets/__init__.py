"""Small networks, for planes and volumes from one definition."""

from .autoregressive import N_ORDERS, Autoregressive, order_mask
from .convolution import Convolution
from .crops import Crop, cropped, crops, draw_crops
from .dcs import DCS, associations, centres
from .embedding import Embedding
from .fts import FTS
from .gnn import GNN, directional, nearest
from .graph import GraphClassifier, dropout_mask, propagation
from .normalisation import Normalisation
from .responses import Responses, assign, initialise, measure
from .segmenter import Segmentation, Segmenter
from .soft import coordinates, soft_means, soft_project
from .spnn import SPNN, Assignment, part
from .subnetworks import Subnetworks
from .superae import SuperAE

__all__ = [
    "DCS",
    "FTS",
    "GNN",
    "N_ORDERS",
    "SPNN",
    "Assignment",
    "Autoregressive",
    "Convolution",
    "Crop",
    "Embedding",
    "GraphClassifier",
    "Normalisation",
    "Responses",
    "Segmentation",
    "Segmenter",
    "Subnetworks",
    "SuperAE",
    "assign",
    "associations",
    "centres",
    "coordinates",
    "cropped",
    "crops",
    "directional",
    "draw_crops",
    "dropout_mask",
    "initialise",
    "measure",
    "nearest",
    "order_mask",
    "part",
    "propagation",
    "soft_means",
    "soft_project",
]
