"""Small networks, for planes and volumes from one definition."""

from napari_selfseg.nets.crops import Crop, cropped, crops, draw_crops
from napari_selfseg.nets.dcs import DCS, associations, centres
from napari_selfseg.nets.embedding import Embedding
from napari_selfseg.nets.fts import FTS
from napari_selfseg.nets.gnn import GNN, directional, nearest
from napari_selfseg.nets.graph import GraphClassifier, dropout_mask, propagation
from napari_selfseg.nets.layers.autoregressive import N_ORDERS, Autoregressive, order_mask
from napari_selfseg.nets.layers.convolution import Convolution
from napari_selfseg.nets.layers.normalisation import Normalisation
from napari_selfseg.nets.layers.soft import coordinates, soft_means, soft_project
from napari_selfseg.nets.responses import Responses, assign, initialise, measure
from napari_selfseg.nets.segmenter import Segmentation, Segmenter
from napari_selfseg.nets.spnn import SPNN, Assignment, part
from napari_selfseg.nets.subnetworks import Subnetworks
from napari_selfseg.nets.superae import SuperAE

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
