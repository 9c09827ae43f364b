"""Algorithm 1 of DSC: SuperAE learns to reconstruct the image and to smooth it in superpixels."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import cast

import torch
from torch import Tensor

from napari_selfseg.losses import reconstruction, template
from napari_selfseg.methods._dsc._settings import Settings
from napari_selfseg.nets import Embedding, assign, crops
from napari_selfseg.protocol import Inputs, Step, small
from napari_selfseg.regions import mean, present, vote

__all__ = ["side", "smoothing"]


def smoothing(
    settings: Settings, E: Embedding, inputs: Inputs, updates: Iterator[int]
) -> Generator[Step, None, None]:
    """Iterate algorithm 1, on crops. The labels shown meanwhile are those before any update.

    The autoencoder of the embedding is trained. `updates` yields the updates done, as often as one
    is to be made.
    """
    t = cast(Tensor, inputs.index)
    generator = inputs.state.generator(settings.seed)
    optimiser = inputs.state.of(
        torch.optim.Adam(E.autoencoder.parameters(), settings.autoencoder_rate)
    )
    # Superpixels of whole images; crops keep their numbers, so one row of v is for each.
    v = mean(inputs.x, t, inputs.n_regions)
    votes, raw_labels = _untrained(settings, E, inputs)
    size = side(settings, t.ndim - 1)
    batches = crops((inputs.x, t), size, settings.batch_size, generator, inputs.valid)
    for done, ((x, t_x), valid) in zip(updates, batches, strict=False):
        x_r = E.autoencoder(x.to(inputs.precision), valid)
        if settings.template == "reconstruction":
            v = mean(x_r, t_x, inputs.n_regions)
        losses = {
            "reconstruction": reconstruction(x, x_r, valid),
            "template": settings.template_weight * template(x_r, v, t_x),
        }
        loss = torch.stack(list(losses.values())).sum()
        detached = {name: term.detach() for name, term in losses.items()}
        yield Step(done, settings.iterations, votes, raw_labels, detached)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        E.updates += 1
        E.remember()
        del x_r, loss, losses


def side(settings: Settings, ndim: int) -> int:
    """Return the side of a crop that has as many pixels as a plane's."""
    return max(8, round(float(settings.crop_size ** (2 / ndim))))


def _untrained(settings: Settings, E: Embedding, inputs: Inputs) -> tuple[Tensor, Tensor]:
    """Return votes and number of labels before the first update."""
    K = settings.partitions
    with torch.no_grad():
        c = assign(E(inputs.x.to(inputs.precision), inputs.valid))
    votes = vote(c, cast(Tensor, inputs.index), inputs.n_regions, K)
    return small(votes, K), present(c, K, inputs.valid).sum()
