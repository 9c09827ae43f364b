"""Algorithm 2 of DSC: a 1x1 convolution on the encoder parts the superpixels."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import cast

import torch
from torch import Tensor

from napari_selfseg.graphs import near
from napari_selfseg.losses import cross_entropy, scribbled, similarity, soft_cut
from napari_selfseg.methods._dsc._settings import Settings
from napari_selfseg.nets import Embedding, assign
from napari_selfseg.protocol import FewLabels, Inputs, Sizes, Step, Stop, small
from napari_selfseg.regions import centroids, mean, vote

__all__ = ["cutting"]


def cutting(
    settings: Settings, E: Embedding, inputs: Inputs, updates: Iterator[int], first: int
) -> Generator[Step, None, Stop | None]:
    """Iterate algorithm 2, after `first` updates of algorithm 1.

    All of the embedding is trained but its decoder. `updates` yields the updates done, as often as
    one is to be made. None is returned when all were made.
    """
    z, K = cast(Tensor, inputs.index), settings.partitions
    optimiser = inputs.state.of(
        torch.optim.SGD(E.parameters(), settings.learning_rate, settings.momentum)
    )
    edges = _edges(settings, inputs)
    sizes = Sizes(settings.schedule, settings.iterations - first, inputs)
    labels = FewLabels(K, settings.min_labels, inputs)
    for done in updates:
        seen = sizes.at(done - first)
        # Whatever the size, superpixels have all their pixels.
        F = seen.restored(E(seen.v, seen.inputs.valid))
        if stop := labels.stop(done):
            return stop
        c = assign(F)
        raw_labels = labels.count(c)
        C = vote(c, z, inputs.n_regions, K)
        losses = _losses(settings, F, C[z] - 1, edges, inputs)
        loss = torch.stack(list(losses.values())).sum()
        detached = {name: term.detach() for name, term in losses.items()}
        yield Step(done, settings.iterations, small(C, K), raw_labels, detached)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        del F, loss, losses  # the next forward needs the room
    return None


def _losses(
    settings: Settings, F: Tensor, y: Tensor, edges: Tensor, inputs: Inputs
) -> dict[str, Tensor]:
    """Return the terms of equation 9, and the one of the scribbles."""
    z, M = cast(Tensor, inputs.index), inputs.n_regions
    losses, y = scribbled(F, y, inputs.scribbles, settings.scribble_weight)
    losses["labels"] = settings.label_weight * cross_entropy(F, y)
    wide = F.to(torch.promote_types(F.dtype, torch.float32))
    G = mean(wide.detach(), z, M)
    Q = mean(wide.softmax(dim=1), z, M)
    W = similarity(G, edges, settings.sigma)
    beta = settings.cut_weight * len(z) / M**2
    losses["cut"] = beta * soft_cut(Q, edges, W)
    return losses


def _edges(settings: Settings, inputs: Inputs) -> Tensor:
    """Find the superpixels whose centres are nearer than d, in pixels; none across images."""
    z, M = cast(Tensor, inputs.index), inputs.n_regions
    ndim, pixels = z.ndim - 1, int((z > 0).sum())
    d = settings.neighbourhood * (pixels / M) ** (1 / ndim)
    # Along the batch axis images are so far apart that no distance d reaches across.
    apart = 2 * d + sum(z.shape[1:])
    centres = centroids(z, M, [apart] + [1.0] * ndim)[1:]
    return torch.from_numpy(near(centres.cpu().numpy(), d) + 1).to(z.device)
