"""Features learned from the image itself, before it is cut."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import cast

import torch
from torch import Tensor, nn

from napari_selfseg.losses import cross_entropy, reconstruction, template
from napari_selfseg.methods._deepcut._settings import Settings
from napari_selfseg.nets import Responses, assign, crops
from napari_selfseg.protocol import Inputs
from napari_selfseg.regions import mean, vote

__all__ = ["learning"]

# Steps of gradient descent of Backprop, and of Adam of DSC's autoencoder.
RATE, MOMENTUM, ADAM = 0.1, 0.9, 1e-3
# Pixels of a crop in which the autoencoder is trained, and crops in an update.
PIXELS, BATCH = 128**2, 4

Losses = dict[str, Tensor]


def learning(
    settings: Settings, network: nn.Module, inputs: Inputs, updates: Iterator[int]
) -> Generator[tuple[int, Losses], None, None]:
    """Train the network that describes pixels: responses as in Backprop, or SuperAE as in DSC.

    `updates` yields the updates done as often as one is to be made; each is yielded on, with the
    terms of its loss.
    """
    if isinstance(network, Responses):
        optimiser: torch.optim.Optimizer = torch.optim.SGD(network.parameters(), RATE, MOMENTUM)
        terms = _responding(network, inputs)
    else:
        optimiser = torch.optim.Adam(network.parameters(), ADAM)
        terms = _reconstructing(settings, network, inputs)
    for done in updates:
        losses = terms()
        loss = torch.stack(list(losses.values())).sum()
        yield done, {name: term.detach() for name, term in losses.items()}
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        del loss, losses  # the next forward needs the room


def _responding(network: Responses, inputs: Inputs) -> Callable[[], Losses]:
    """Learn the label that most pixels of a superpixel have."""
    x, index = inputs.x.to(inputs.precision), cast(Tensor, inputs.index)

    def terms() -> Losses:
        y = network(x, inputs.valid)
        votes = vote(assign(y), index, inputs.n_regions, y.shape[1])
        return {"similarity": cross_entropy(y, votes[index] - 1)}

    return terms


def _reconstructing(settings: Settings, network: nn.Module, inputs: Inputs) -> Callable[[], Losses]:
    """Reconstruct crops, smoothed in superpixels."""
    index = cast(Tensor, inputs.index)
    side = max(8, round(float(PIXELS ** (1 / (index.ndim - 1)))))
    generator = torch.Generator().manual_seed(settings.seed)
    batches = crops((inputs.x, index), side, BATCH, generator, inputs.valid)

    def terms() -> Losses:
        (x, z), valid = next(batches)
        smooth = network(x.to(inputs.precision), valid)
        means = mean(smooth, z, inputs.n_regions)
        return {
            "reconstruction": reconstruction(x, smooth, valid),
            "template": template(smooth, means, z),
        }

    return terms
