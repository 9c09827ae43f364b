"""What superpixels are compared by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_selfseg.colours import lab
from napari_selfseg.methods._deepcut import _dino
from napari_selfseg.methods._deepcut._settings import Settings
from napari_selfseg.nets import Responses, SuperAE
from napari_selfseg.nets.layers.pooling import halved
from napari_selfseg.nets.superae import LEVELS, widths
from napari_selfseg.regions import mean

__all__ = ["described", "encoder", "n_features", "standard"]

# Responses of a pixel, and convolutions, of the network trained as in Backprop.
RESPONSES, DEPTH = 32, 2
# Channels of the first level of the autoencoder.
WIDTH = 16
# Features of a transformer that are enlarged at the same time.
TOGETHER = 64
LEAST = 1e-6


def n_features(settings: Settings, in_channels: int) -> int:
    """Return the number of features of a superpixel."""
    if settings.features in ("responses", "dino"):
        return RESPONSES if settings.features == "responses" else _dino.WIDTH
    return sum(widths(WIDTH)) if settings.features == "autoencoder" else 2 * in_channels


def encoder(settings: Settings, in_channels: int, ndim: int) -> nn.Module | None:
    """Build the network that learns the features, not initialised; None where none is needed."""
    if settings.features == "responses":
        return Responses(in_channels, RESPONSES, RESPONSES, DEPTH, ndim)
    return SuperAE(in_channels, ndim, width=WIDTH) if settings.features == "autoencoder" else None


def described(
    settings: Settings, network: nn.Module | None, x: Tensor, valid: Tensor | None, index: Tensor
) -> Tensor:
    """Describe each superpixel by its mean features, ``(M, F)`` float32.

    `network` is from `encoder`, its statistics measured, or a transformer; the rest as in `Inputs`.
    """
    n = int(index.max())
    with torch.no_grad():
        if network is None:
            return _colour_and_texture(x, index, n)
        with _evaluating(network):
            found = [mean(each.float(), index, n)[1:] for each in _maps(network, x, valid)]
    return torch.cat(found, dim=1)


def standard(settings: Settings, features: Tensor) -> tuple[Tensor, Tensor]:
    """Return what to take from features, and what to divide them by.

    Colours keep their proportions, as do textures: each group has one scale, at which the sum of
    its variances is about the square of its weight.

    Parameters
    ----------
    features : Tensor
        ``(M, F)``.

    Returns
    -------
    centre, scale : Tensor
        ``(F,)``.
    """
    centre, spread = features.mean(dim=0), features.std(dim=0, correction=0)
    if settings.features != "colour":
        return centre, _scale(spread, 1.0)
    colour, texture = spread.chunk(2)
    return centre, torch.cat([_scale(colour, 1.0), _scale(texture, settings.texture_weight)])


def _scale(spread: Tensor, weight: float) -> Tensor:
    size = spread.square().sum().sqrt().clamp(min=LEAST)
    # Divided by infinity a group of no weight is 0.
    return (size / weight if weight else size * torch.inf).expand_as(spread)


def _colour_and_texture(x: Tensor, index: Tensor, n: int) -> Tensor:
    """Return the mean colour of each superpixel and the standard deviation of its colours."""
    colours = lab(x.movedim(1, -1).cpu().numpy())
    c = torch.from_numpy(colours).double().movedim(-1, 1).to("cpu")
    at = index.cpu()
    first, second = mean(c, at, n)[1:], mean(c.square(), at, n)[1:]
    spread = (second - first.square()).clamp(min=0).sqrt()
    return torch.cat([first, spread], dim=1).to(x.dtype).to(x.device)


def _maps(network: nn.Module, x: Tensor, valid: Tensor | None) -> Iterator[Tensor]:
    """Yield features of each pixel, not all at once."""
    if isinstance(network, Responses):
        yield network(x, valid)
    elif isinstance(network, _dino.Transformer):
        for part in network(x).split(TOGETHER, dim=1):
            yield _enlarged(part, network.side, x)
    else:
        for k, level in enumerate(cast(SuperAE, network).levels(x, halved(valid, LEVELS))):
            yield _enlarged(level, 2**k, x)


def _enlarged(y: Tensor, times: int, x: Tensor) -> Tensor:
    """Repeat pixels, and cut to the size of the image."""
    size = [slice(None)] * 2 + [slice(n) for n in x.shape[2:]]
    return F.interpolate(y, scale_factor=float(times))[tuple(size)]


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)
