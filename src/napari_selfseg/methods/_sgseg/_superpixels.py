"""The first stage of SGSeg: SPNN learns superpixels, alone."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import cast

import torch
from torch import Tensor

from napari_selfseg.losses import clustering, edges, reconstructions, smoothness
from napari_selfseg.methods._sgseg._patches import Patch
from napari_selfseg.methods._sgseg._settings import Settings
from napari_selfseg.nets import SPNN, Assignment, soft_means, soft_project
from napari_selfseg.nets.sgseg import SGSegNetwork
from napari_selfseg.protocol import Step, TrainingState

__all__ = ["pre_training", "spnn_losses"]

# Of equations 9 and 10.
LAMBDA = 2.0
SIGMA = 10.0


def pre_training(
    settings: Settings,
    network: SGSegNetwork,
    batches: Iterator[Patch],
    updates: Iterator[int],
    shown: tuple[Tensor, Tensor],
    state: TrainingState,
) -> Generator[Step, None, None]:
    """Train SPNN with its own losses. The labels shown meanwhile are those before any update.

    Parameters
    ----------
    network : SGSegNetwork
        Whose SPNN is trained.
    batches : iterator of Patch
        What it learns from.
    updates : iterator of int
        Updates done, as often as one is to be made.
    shown : tuple of Tensor
        Votes and number of labels of the untrained network.
    """
    spnn = cast(SPNN, network.spnn)
    optimiser = state.of(torch.optim.Adam(spnn.parameters(), settings.spnn_rate))
    for done, patch in zip(updates, batches, strict=False):
        losses = spnn_losses(settings, spnn(patch.x, patch.valid), patch)
        loss = torch.stack(list(losses.values())).sum()
        detached = {name: term.detach() for name, term in losses.items()}
        yield Step(done, settings.iterations, *shown, detached)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        network.updates += 1
        del loss, losses


def spnn_losses(settings: Settings, assignment: Assignment, patch: Patch) -> dict[str, Tensor]:
    """Return the terms of equation 8 for the assignment of a patch."""
    (P, I_tilde, _), (_, image, valid, _) = assignment, patch
    I_P = soft_project(P, soft_means(P, image))
    return {
        "clustering": clustering(P, LAMBDA, valid),
        "smoothness": settings.smoothness_weight * smoothness(P, image, SIGMA, valid),
        "superpixels": settings.reconstruction_weight * reconstructions(image, I_tilde, I_P, valid),
        "edges": settings.edge_weight * edges(image, I_tilde, I_P, valid=valid),
    }
