"""The training of the graph networks: what each is taught first, and what it minimises."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional as F

from napari_selfseg.losses import correlation, cross_entropy, orthogonality, relaxed_cut
from napari_selfseg.methods._deepcut._affinity import Graph
from napari_selfseg.methods._deepcut._settings import Settings
from napari_selfseg.nets import GraphClassifier, dropout_mask
from napari_selfseg.protocol import Stop

__all__ = ["Task", "classes", "clustering", "matched", "objective", "taught"]

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
    """Classify all `n` nodes without dropout, ``(n,)`` from 0; tasks have different nodes."""
    found = torch.zeros(n, dtype=torch.int64, device=tasks[0].nodes.device)
    with torch.no_grad():
        for task in tasks:
            k = task.network(task.graph.x, task.graph.P).argmax(dim=1)
            found[task.nodes] = task.first + task.step * k
    return found


def clustering(
    settings: Settings, tasks: Sequence[Task], n: int, updates: Iterator[int], most: int | None
) -> Generator[tuple[int, Tensor, dict[str, Tensor]], None, Stop | None]:
    """Minimise the loss; where all nodes come into one cluster, put the networks back and end.

    Parameters
    ----------
    n : int
        Number of all nodes.
    updates : iterator of int
        Updates done, as often as one is to be made.
    most : int or None
        Updates to make at most.

    Yields
    ------
    int
        Updates done.
    Tensor
        ``(n,)`` int64 classes.
    dict of str to Tensor
        Terms of the loss.

    Returns
    -------
    Stop or None
        None when all updates were made.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    networks = torch.nn.ModuleList(task.network for task in tasks)
    optimiser = torch.optim.AdamW(networks.parameters(), settings.learning_rate)
    guard = _Guard(networks)
    t = -1
    for t in islice(updates, most):
        if stop := guard.stop(t):
            return stop
        found = classes(tasks, n)
        guard.note(found)
        losses = objective(settings, tasks, generator)
        loss = torch.stack(list(losses.values())).sum()
        yield t, found, {name: term.detach() for name, term in losses.items()}
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    # What the last iteration showed is known only now; the next number makes its update count.
    stop = guard.stop(t + 1)
    if stop:
        next(updates, None)
    return stop


class _Guard:
    """Puts networks back that come to give all nodes the same class.

    The number of classes is read one iteration late, when a device has the next forward queued.

    Parameters
    ----------
    networks : torch.nn.Module
        As they begin.
    """

    def __init__(self, networks: torch.nn.Module) -> None:
        self._networks = networks
        self._begun = {name: each.clone() for name, each in networks.state_dict().items()}
        self._several = torch.tensor(False)
        self._one = torch.tensor(False)

    def note(self, found: Tensor) -> None:
        """Note the classes of an iteration."""
        # Kept as a tensor: to read it here would be to wait for the device.
        self._one = (found == found[0]).all()
        self._several = self._several | ~self._one

    def stop(self, t: int) -> Stop | None:
        """End, after `t` updates, where there were several classes and only one is left."""
        if not (self._one & self._several):
            return None
        self._networks.load_state_dict(self._begun)
        return Stop(
            "min_labels",
            f"All superpixels came into one cluster after {t} iterations, so the labels are those "
            "before the first of them: try a smaller alpha, or other features.",
        )


def objective(
    settings: Settings, tasks: Sequence[Task], generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the terms of the loss, averaged over the tasks."""
    each = [_terms(settings, task, generator) for task in tasks]
    return {name: torch.stack([terms[name] for terms in each]).mean() for name in each[0]}


def taught(settings: Settings, task: Task, target: Tensor) -> None:
    """Teach a network a partition, ``(m,)`` clusters."""
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
