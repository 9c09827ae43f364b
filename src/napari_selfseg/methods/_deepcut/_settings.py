"""The parameters of DeepCut."""

from __future__ import annotations

from abc import ABC
from typing import Literal

from napari_selfseg.parameters import parameter
from napari_selfseg.protocol import Method, weight_of_scribbles

__all__ = ["Settings"]


class Settings(Method, ABC):
    """What DeepCut can be told."""

    iterations: int = parameter(
        100,
        "Updates at most: those of learned features first, then those of the clustering.",
        minimum=1,
        maximum=100_000,
        source="10 to 100 in the public code",
    )
    n_clusters: int = parameter(
        20,
        "Clusters, and so labels; with correlation clustering at most, and in two stages of each "
        "side.",
        minimum=2,
        maximum=1000,
        source="measured; 10 for correlation clustering in the public code",
        words="Labels at most",
    )
    loss: Literal["correlation", "ncut"] = parameter(
        "correlation",
        "Correlation clustering, which finds the number of clusters; or the normalised cut, which "
        "wants all of them, of similar size.",
        source="both, 2022",
        words="Way to group",
    )
    solver: Literal["network", "spectral", "multicut"] = parameter(
        "network",
        "Who cuts the graph: the graph network, or without any training the spectral normalised "
        "cut or the multicut it is compared with.",
        words="Grouped by",
    )
    features: Literal["colour", "responses", "autoencoder", "dino"] = parameter(
        "colour",
        "What superpixels are compared by: colour and texture, the responses of a small network "
        "trained on the image as in Backprop, the encoder of DSC's autoencoder, or a pretrained "
        "transformer (needs the extra dino).",
        source="features of a pretrained transformer",
        words="Compared by",
    )
    transformer: Literal[
        "vit_small_patch8_224.dino",
        "vit_small_patch14_dinov2.lvd142m",
        "vit_small_patch16_dinov3.lvd1689m",
    ] = parameter(
        "vit_small_patch8_224.dino",
        "The pretrained transformer, by its name in timm.",
        source="ViT-S/8 of DINO, 2022",
        words="Pretrained network",
    )
    weights: str = parameter(
        "",
        "File of the transformer's weights; without one those in timm's cache.",
        path=True,
        words="File of its weights",
    )
    texture_weight: float = parameter(
        0.5,
        "Weight of the spread of colours within a superpixel against their mean; 0 leaves it out.",
        minimum=0,
        maximum=100,
        source="not in the paper",
        words="Weight of texture",
    )
    affinity: Literal["distance", "product"] = parameter(
        "distance",
        "How features become similarities: exp(-distance² / sigma), or the product of their "
        "directions.",
        source="the product, 2022",
        words="Similarity",
    )
    neighbourhood: float = parameter(
        3.0,
        "How far apart the centres of superpixels may lie to be compared, in widths of a "
        "superpixel; 0 compares all.",
        minimum=0,
        maximum=1000,
        source="measured; 0 in the paper",
        words="How far pieces look",
    )
    alpha: float = parameter(
        2.0,
        "Alpha: in correlation clustering and multicut superpixels attract that are more "
        "similar than the most similar over alpha, and others repel; more merges more.",
        minimum=1,
        maximum=1000,
        source="measured; 3 in the public code",
        words="Readiness to join",
    )
    initialised: bool = parameter(
        True,
        "Teach the network the spectral cut or the multicut first, which keeps it from ending in "
        "one cluster.",
        source="not in the paper",
        words="Begin with a simple cut",
    )
    feature_iterations: int = parameter(
        50,
        "Updates that learn the features, where these are responses or of the autoencoder.",
        minimum=0,
        maximum=100_000,
        source="not in the paper",
        words="Iterations to prepare",
    )
    foreground_iterations: int = parameter(
        0,
        "Updates that part foreground from background before each is cut into clusters of its "
        "own; 0 cuts the whole image at once.",
        minimum=0,
        maximum=100_000,
        source="two stages, 2022",
        words="Iterations for foreground",
    )
    learning_rate: float = parameter(
        1e-3,
        "Learning rate: step of AdamW.",
        minimum=1e-6,
        maximum=1,
        source="1e-3 in the public code",
        words="Learning speed",
    )
    dropout: float = parameter(
        0.25,
        "Share of hidden features left out in an update.",
        minimum=0,
        maximum=0.9,
        source="0.25 in the public code",
    )
    scribble_weight: float = weight_of_scribbles("not in the paper; as in Backprop", "superpixels")
