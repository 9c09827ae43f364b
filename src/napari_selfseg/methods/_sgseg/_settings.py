"""The parameters of SGSeg, which its two stages read."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from napari_selfseg.parameters import parameter
from napari_selfseg.protocol import Method, weight_of_scribbles

__all__ = ["Settings"]

# Table 12: learning rates of SPNN, GNN and CNN, batch size, alpha, beta, eta; and classes,
# superpixels and the side of a patch from section 4.1 and appendix A.2.
TABLE_12 = {
    "COCO-Stuff": (1e-5, 5e-4, 5e-6, 64, 2.0, 5.0, 1.0, 15, 200, 128),
    "COCO-Stuff3": (1e-5, 5e-4, 5e-5, 64, 2.0, 5.0, 1.0, 3, 100, 128),
    "Potsdam": (5e-5, 1e-4, 1e-6, 32, 1.0, 5.0, 0.5, 6, 100, 200),
    "Potsdam3": (5e-5, 5e-4, 5e-6, 32, 1.0, 5.0, 0.5, 3, 100, 200),
}
NAMES = (
    "spnn_rate",
    "gnn_rate",
    "cnn_rate",
    "batch_size",
    "smoothness_weight",
    "reconstruction_weight",
    "edge_weight",
    "classes",
    "n_superpixels",
    "patch_size",
)


class Settings(Method, ABC):
    """What SGSeg can be told."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        f"Paper, {name}": {"width": 64, **dict(zip(NAMES, values, strict=True))}
        for name, values in TABLE_12.items()
    }

    iterations: int = parameter(
        200,
        "Updates at most: those of SPNN alone first, then those of all networks.",
        minimum=1,
        maximum=1_000_000,
        source="epochs over whole collections",
    )
    classes: int = parameter(
        6,
        "Classes, and so labels, at most.",
        minimum=2,
        maximum=255,
        source="3 to 15, section 4.1",
        words="Labels at most",
    )
    backbone: Literal["diffgcn", "dgcnn", "pointnet", "superpixels", "none"] = parameter(
        "diffgcn",
        "What the segmentation network is given beside the image: superpixels whose features one "
        "of three graph networks refines, superpixels as they are, or nothing.",
        source="tables 3 and 5",
        words="Pieces refined by",
    )
    scheme: Literal["pre-trained", "end-to-end", "disjoint"] = parameter(
        "pre-trained",
        "SPNN first and then all networks together, all together from the start, or SPNN first "
        "and then the others while it stays as it is.",
        source="table 2",
        words="Order of learning",
    )
    spnn_iterations: int = parameter(
        60,
        "Updates that train SPNN alone first; none in the end-to-end scheme.",
        minimum=0,
        maximum=1_000_000,
        source="10 epochs, appendix A.2",
        words="Iterations to prepare",
    )
    width: int = parameter(
        8,
        "Channels of the first layer of each network, of which others have up to eight times as "
        "many. Fewer are faster, in proportion to the square.",
        minimum=2,
        maximum=256,
        source="64, tables 7 to 10",
        words="Network size",
    )
    n_superpixels: int = parameter(
        50,
        "Superpixels of a patch at most.",
        minimum=2,
        maximum=10_000,
        source="100 and 200, table 4",
        words="Pieces of a patch",
    )
    neighbours: int = parameter(
        20,
        "Neighbours of a superpixel in the graph.",
        minimum=1,
        maximum=1000,
        source="k = 20, table 6",
    )
    patch_size: int = parameter(
        64,
        "Side of the patches that train the networks.",
        minimum=8,
        maximum=4096,
        unit="pixels",
        source="128 and 200, section 4.1",
    )
    batch_size: int = parameter(
        4, "Patches in an update.", minimum=1, maximum=1000, source="32 and 64, table 12"
    )
    jitter: float = parameter(
        0.2,
        "Random changes of brightness and contrast of each channel of a patch, up to this share; "
        "patches are flipped, too.",
        minimum=0,
        maximum=1,
        source="chosen; the paper names no strength",
    )
    displacement: int = parameter(
        4,
        "Two label maps are compared at all displacements up to this many pixels along each axis.",
        minimum=0,
        maximum=100,
        unit="pixels",
        source="T = 10, autoregressive segmentation",
    )
    smoothness_weight: float = parameter(
        2.0,
        "Weight of the smoothness of superpixels.",
        minimum=0,
        maximum=1000,
        source="alpha, table 12",
    )
    reconstruction_weight: float = parameter(
        5.0,
        "Weight of the reconstruction of the image by SPNN and its superpixels.",
        minimum=0,
        maximum=1000,
        source="beta, table 12",
    )
    edge_weight: float = parameter(
        1.0,
        "Weight of the edges that SPNN and its superpixels reconstruct.",
        minimum=0,
        maximum=1000,
        source="gamma, table 12 (eta in equation 8)",
    )
    variation_weight: float = parameter(
        1.0,
        "Weight of the total variation of what the superpixels hand on.",
        minimum=0,
        maximum=1000,
        source="1, equation 22",
    )
    spnn_rate: float = parameter(
        1e-2,
        "Step of Adam for SPNN.",
        minimum=1e-8,
        maximum=1,
        source="1e-5 and 5e-5 for days of training, table 12",
        words="SPNN rate",
    )
    gnn_rate: float = parameter(
        3e-3,
        "Step of Adam for the graph network.",
        minimum=1e-8,
        maximum=1,
        source="1e-4 and 5e-4, table 12",
        words="GNN rate",
    )
    cnn_rate: float = parameter(
        3e-3,
        "Step of Adam for the segmentation network.",
        minimum=1e-8,
        maximum=1,
        source="1e-6 to 5e-5 for days of training, table 12",
        words="CNN rate",
    )
    view_every: int = parameter(
        10,
        "Updates from one label map of the whole image to the next; the steps between show the "
        "last one.",
        minimum=1,
        maximum=100_000,
    )
    scribble_weight: float = weight_of_scribbles("Kim, Kanezaki and Tanaka 2020", words="")
