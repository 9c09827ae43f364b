"""The parameters of DSC, which its two stages read."""

from __future__ import annotations

from abc import ABC
from typing import Literal

from napari_selfseg.parameters import parameter
from napari_selfseg.protocol import (
    Method,
    Schedule,
    descent_momentum,
    descent_rate,
    fewest_labels,
    learning_size,
    settling_share,
    weight_of_scribbles,
)

__all__ = ["Settings"]


class Settings(Method, ABC):
    """What DSC can be told."""

    iterations: int = parameter(
        228,
        "Updates at most: those of the autoencoder first, then those of the cut.",
        minimum=1,
        maximum=100_000,
        source="128 for the cut, section IV-B",
    )
    autoencoder_iterations: int = parameter(
        100,
        "Updates that train the autoencoder before the cut begins.",
        minimum=0,
        maximum=100_000,
        source="100 epochs over a set of images, section IV-B",
        words="Iterations to prepare",
    )
    partitions: int = parameter(
        32,
        "Partitions, and so labels, at most.",
        minimum=2,
        maximum=1000,
        source="K = 32, section IV-B",
        words="Labels at most",
    )
    width: int = parameter(
        64,
        "Width: channels of the first level of the autoencoder; the second has twice, "
        "the third four times as many. Fewer are faster.",
        minimum=2,
        maximum=1000,
        source="64, 128, 256, section III-A",
        words="Network size",
    )
    normalised: bool = parameter(
        True,
        "Bring each response to zero mean and unit variance over the image, which keeps "
        "similarities apart and labels from collapsing.",
        source="not in the paper",
        words="Even out responses",
    )
    template: Literal["image", "reconstruction"] = parameter(
        "reconstruction",
        "Whose mean colour in a superpixel the reconstruction is drawn to.",
        source="equation 2; the text on equation 1",
    )
    template_weight: float = parameter(
        1.0,
        "Weight of the distance to the superpixels when the autoencoder is trained.",
        minimum=0,
        maximum=1000,
        source="lambda = 1, section IV-B",
    )
    autoencoder_rate: float = parameter(
        1e-3,
        "Step of Adam, which trains the autoencoder.",
        minimum=1e-6,
        maximum=1,
        source="section IV-B",
    )
    crop_size: int = parameter(
        128,
        "Side of the crops that train the autoencoder; in volumes, of crops of as many voxels.",
        minimum=8,
        maximum=4096,
        unit="pixels",
        source="300, section IV-B",
    )
    batch_size: int = parameter(
        4,
        "Crops in an update of the autoencoder.",
        minimum=1,
        maximum=1000,
        source="10, section IV-B",
    )
    sigma: float = parameter(
        10.0,
        "Difference of responses at which superpixels count as little similar.",
        minimum=0.01,
        maximum=10_000,
        source="section IV-B",
    )
    neighbourhood: float = parameter(
        2.0,
        "How far apart the centres of superpixels may lie to count as similar, in widths of a "
        "superpixel.",
        minimum=0,
        maximum=100,
        source="d = 2 sqrt(N / M), section IV-B",
        words="How far pieces look",
    )
    label_weight: float = parameter(
        1.0,
        "Weight of the labels voted in the superpixels.",
        minimum=0,
        maximum=1000,
        source="alpha = 1, section IV-B",
    )
    cut_weight: float = parameter(
        5.0,
        "Weight of the cut, before it is divided by the square of the number of superpixels; more "
        "merges more.",
        minimum=0,
        maximum=1_000_000,
        source="beta = 5 / M^2, section IV-B",
    )
    schedule: Schedule = learning_size("Of the cut alone.")
    settled: float = settling_share()
    learning_rate: float = descent_rate(0.05, "section IV-B")
    momentum: float = descent_momentum("section IV-B")
    min_labels: int = fewest_labels(1, "not in the paper")
    scribble_weight: float = weight_of_scribbles("Kim, Kanezaki and Tanaka 2020")
