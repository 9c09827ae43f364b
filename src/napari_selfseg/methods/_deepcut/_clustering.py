"""The training of the graph networks: what each is taught first, and what it minimises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional as F

from napari_selfseg.losses import correlation, cross_entropy, orthogonality, relaxed_cut
from napari_selfseg.methods._deepcut._affinity import Graph
from napari_selfseg.methods._deepcut._settings import Settings
from napari_selfseg.nets import GraphClassifier, dropout_mask

__all__ = ["Task", "classes", "matched", "objective", "taught"]

# Updates that teach the partition of the classical partner, and their step.
TAUGHT, RATE = 100, 1e-2


@dataclass(frozen=True)
class Task:
    """A graph network and the nodes it clusters.

    Attributes
    ----------
    network : GraphClassifier
        What is trained.
    graph : Graph
        Of its nodes.
    nodes : Tensor
        ``(m,)`` int64, which of all nodes they are.
    first, step : int
        Cluster k of the network is class ``first + step * k``.
    drawn : Tensor or None
        ``(m,)`` cluster that somebody scribbled on a node, -1 elsewhere.
    """

    network: GraphClassifier
    graph: Graph
    nodes: Tensor
    first: int = 0
    step: int = 1
    drawn: Tensor | None = None


def classes(tasks: Sequence[Task], n: int) -> Tensor:
    """Classify nodes without dropout.

    Parameters
    ----------
    tasks : sequence of Task
        Each of other nodes.
    n : int
        Number of all nodes.

    Returns
    -------
    Tensor
        ``(n,)`` int64 classes from 0.
    """
    found = torch.zeros(n, dtype=torch.int64, device=tasks[0].nodes.device)
    with torch.no_grad():
        for task in tasks:
            k = task.network(task.graph.x, task.graph.P).argmax(dim=1)
            found[task.nodes] = task.first + task.step * k
    return found


def objective(
    settings: Settings, tasks: Sequence[Task], generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the terms of the loss, averaged over the tasks.

    Parameters
    ----------
    settings : Settings
        Of the run.
    tasks : sequence of Task
        What is trained.
    generator : torch.Generator
        Of the dropout.

    Returns
    -------
    dict of str to Tensor
    """
    each = [_terms(settings, task, generator) for task in tasks]
    return {name: torch.stack([terms[name] for terms in each]).mean() for name in each[0]}


def taught(settings: Settings, task: Task, target: Tensor) -> None:
    """Teach a network a partition.

    Parameters
    ----------
    settings : Settings
        Of the run.
    task : Task
        What to train.
    target : Tensor
        ``(m,)`` int64 clusters.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    optimiser = torch.optim.Adam(task.network.parameters(), RATE)
    for _ in range(TAUGHT):
        loss = F.cross_entropy(_responses(settings, task, generator), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def matched(segments: Tensor, drawn: Tensor | None, n: int) -> Tensor:
    """Number segments as somebody scribbled on them, as far as they are.

    Parameters
    ----------
    segments : Tensor
        ``(m,)`` int64 from 0 to n - 1.
    drawn : Tensor or None
        As in `Task`.
    n : int
        Number of clusters.

    Returns
    -------
    Tensor
        ``(m,)`` int64; a scribbled node has the cluster scribbled on it.
    """
    if drawn is None:
        return segments
    seen = drawn >= 0
    both = torch.bincount(drawn[seen] * n + segments[seen], minlength=n * n).view(n, n)
    # Where scribbles do not decide, a segment keeps its number.
    agree = both.cpu().numpy() + np.eye(n) / (n + 1)
    names = torch.from_numpy(linear_sum_assignment(agree.T, maximize=True)[1]).to(segments.device)
    return torch.where(seen, drawn, names[segments])


def _terms(settings: Settings, task: Task, generator: torch.Generator) -> dict[str, Tensor]:
    y = _responses(settings, task, generator)
    S, W = y.softmax(dim=1), task.graph.W
    if settings.loss == "correlation":
        losses = {"correlation": correlation(S, W)}
    else:
        losses = {"cut": relaxed_cut(S, W), "balance": orthogonality(S)}
    if task.drawn is not None:
        scribbles = cross_entropy(y.T[None], task.drawn[None])
        losses["scribbles"] = settings.scribble_weight * scribbles
    return losses


def _responses(settings: Settings, task: Task, generator: torch.Generator) -> Tensor:
    x = task.graph.x
    dropped = dropout_mask(len(x), settings.dropout, generator).to(x)
    y: Tensor = task.network(x, task.graph.P, dropped)
    return y
