"""What DeepCut trains and what its fit keeps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_selfseg.methods._deepcut._dino import Transformer, transformer
from napari_selfseg.methods._deepcut._features import encoder, n_features
from napari_selfseg.methods._deepcut._settings import Settings
from napari_selfseg.nets import GraphClassifier, initialise

__all__ = ["Cutter"]


class Cutter(nn.Module):
    """The graph networks, and how superpixels were described when they were trained.

    Parameters
    ----------
    settings : Settings
        Of the run.
    in_channels, ndim : int
        Of the image.

    Attributes
    ----------
    encoder : torch.nn.Module or None
        Learns the features; None where they need no learning.
    frozen : list of Transformer
        The pretrained one, where it makes the features.
    whole : GraphClassifier
        Clusters all superpixels, in two stages into two sides.
    sides : torch.nn.ModuleList
        In two stages a network for the superpixels of each side.
    centre, scale : Tensor
        ``(F,)`` what is taken from the features, and what they are divided by.
    sigma : Tensor
        ``(3,)`` of the whole graph and of the two sides.
    prototypes : Tensor
        ``(n_classes, F)`` mean features of what the classical partner cut out; infinite for none.
    begun, parted : Tensor
        0-d bool, whether clustering, and that of the sides, has begun: a warm start goes on there.
    """

    centre: Tensor
    scale: Tensor
    sigma: Tensor
    prototypes: Tensor
    begun: Tensor
    parted: Tensor

    def __init__(self, settings: Settings, in_channels: int, ndim: int) -> None:
        super().__init__()
        dino = settings.features == "dino"
        # Not a part of the weights: a fit asks for the same file again.
        self.frozen: list[Transformer] = []
        if dino:
            self.frozen.append(transformer(settings, in_channels, ndim))
        F = self.frozen[0].width if dino else n_features(settings, in_channels)
        K = settings.n_clusters
        two = settings.foreground_iterations > 0
        self.encoder = encoder(settings, in_channels, ndim)
        self.whole = GraphClassifier(F, 2 if two else K)
        self.sides = nn.ModuleList(GraphClassifier(F, K) for _ in range(2 * two))
        self.register_buffer("centre", torch.zeros(F))
        self.register_buffer("scale", torch.ones(F))
        self.register_buffer("sigma", torch.ones(3))
        self.register_buffer("prototypes", torch.full((settings.n_classes, F), torch.inf))
        self.register_buffer("begun", torch.tensor(False))
        self.register_buffer("parted", torch.tensor(False))

    @property
    def describing(self) -> nn.Module | None:
        """What describes pixels; None where colour and texture do."""
        return self.frozen[0].to(self.centre.device) if self.frozen else self.encoder

    def draw(self, seed: int) -> None:
        """Draw the weights of the graph networks, the same whenever it is called."""
        generator = torch.Generator().manual_seed(seed)
        initialise(self.whole, generator)
        initialise(self.sides, generator)
