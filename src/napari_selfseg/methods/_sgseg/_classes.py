"""The second stage of SGSeg: all networks learn classes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import torch
from torch import Tensor

from napari_selfseg.losses import cross_entropy, mutual_information, reconstruction, total_variation
from napari_selfseg.methods._sgseg._patches import Patch
from napari_selfseg.methods._sgseg._settings import Settings
from napari_selfseg.methods._sgseg._superpixels import spnn_losses
from napari_selfseg.nets import N_ORDERS
from napari_selfseg.nets.sgseg import SGSegNetwork
from napari_selfseg.protocol import Step, TrainingState

__all__ = ["training"]


def training(
    settings: Settings,
    network: SGSegNetwork,
    batches: Iterator[Patch],
    updates: Iterator[int],
    view: Callable[[], tuple[Tensor, Tensor]],
    generator: torch.Generator,
    state: TrainingState,
) -> Generator[Step, None, None]:
    """Train all networks, or all but SPNN.

    Parameters
    ----------
    network : SGSegNetwork
        Of which SPNN stays as it is in the disjoint scheme.
    batches : iterator of Patch
        What it learns from.
    updates : iterator of int
        Updates done, as often as one is to be made.
    view : callable
        Returns votes and number of labels of whole images.
    generator : torch.Generator
        Draws the orders.
    """
    optimiser = state.of(torch.optim.Adam(_groups(settings, network)))
    shown = None
    for done, patch in zip(updates, batches, strict=False):
        if shown is None or done % settings.view_every == 0:
            shown = view()
        losses = _losses(settings, network, patch, generator)
        loss = torch.stack(list(losses.values())).sum()
        detached = {name: term.detach() for name, term in losses.items()}
        yield Step(done, settings.iterations, *shown, detached)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        del loss, losses


def _groups(settings: Settings, network: SGSegNetwork) -> list[dict[str, object]]:
    """Return the weights to train, with the learning rate of their network."""
    groups: list[dict[str, object]] = [
        {"params": list(network.cnn.parameters()), "lr": settings.cnn_rate}
    ]
    if network.gnn is not None:
        groups.append({"params": list(network.gnn.parameters()), "lr": settings.gnn_rate})
    if network.spnn is not None and settings.scheme != "disjoint":
        groups.append({"params": list(network.spnn.parameters()), "lr": settings.spnn_rate})
    return groups


def _losses(
    settings: Settings, network: SGSegNetwork, patch: Patch, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the terms of equation 22, and the one of the scribbles."""
    losses, M = _before(settings, network, patch)
    r1, r2 = torch.randperm(N_ORDERS, generator=generator)[:2].tolist()
    one, other = (network.segmented(patch.x, M, patch.valid, r) for r in (r1, r2))
    losses["information"] = -mutual_information(
        one.logits.softmax(1), other.logits.softmax(1), settings.displacement, patch.valid
    )
    losses["reconstruction"] = torch.stack(
        [reconstruction(patch.colours, each.I_cnn, patch.valid) for each in (one, other)]
    ).sum()
    if patch.scribbles is not None:
        drawn = [cross_entropy(each.logits, patch.scribbles) for each in (one, other)]
        losses["scribbles"] = settings.scribble_weight * torch.stack(drawn).mean()
    return losses


def _before(
    settings: Settings, network: SGSegNetwork, patch: Patch
) -> tuple[dict[str, Tensor], Tensor | None]:
    """Return the losses of SPNN and GNN, and what they hand on to the CNN."""
    if network.spnn is None:
        return {}, None
    losses: dict[str, Tensor] = {}
    if settings.scheme == "disjoint":
        with torch.no_grad():
            assignment = network.spnn(patch.x, patch.valid)
    else:
        assignment = network.spnn(patch.x, patch.valid)
        losses = spnn_losses(settings, assignment, patch)
    M = network.projected(patch.x, assignment, patch.valid)
    losses["variation"] = settings.variation_weight * total_variation(M, patch.valid)
    return losses, M
