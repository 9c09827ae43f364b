"""DeepCut as a method: learned features, a graph, and its clustering in one stage or two."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from napari_selfseg.methods._deepcut._affinity import (
    Nodes,
    connected_graph,
    mean_distance,
    placed,
    repelling,
)
from napari_selfseg.methods._deepcut._clustering import (
    Task,
    classes,
    clustering,
    matched,
    taught,
)
from napari_selfseg.methods._deepcut._features import described, n_features, standard
from napari_selfseg.methods._deepcut._learning import learning
from napari_selfseg.methods._deepcut._network import Cutter
from napari_selfseg.methods._deepcut._partners import named, partition, prototypes
from napari_selfseg.methods._deepcut._settings import Settings
from napari_selfseg.nets import GraphClassifier, initialise, measure
from napari_selfseg.protocol import Cost, Inputs, Part, Problem, Step, Stop, over_segmented, small
from napari_selfseg.regions import present
from napari_selfseg.superpixels import Slic

__all__ = ["DeepCut"]

# Superpixels of which every pair is compared, at most: a similarity of all pairs takes 400 MB.
MOST = 10_000
NODES = 500
# Updates of a kind that never end.
MOST_UPDATES = 100_000


class DeepCut(Settings):
    """DeepCut (Aflalo, Bagon, Kashti and Eldar 2022)."""

    name: ClassVar[str] = "deepcut"
    title: ClassVar[str] = "DeepCut"
    citation: ClassVar[str] = (
        "Aflalo, Bagon, Kashti and Eldar, DeepCut: Unsupervised segmentation using graph neural "
        "networks clustering, 2022"
    )
    doi: ClassVar[str] = "10.48550/arXiv.2212.05853"
    classifies_regions: ClassVar[bool] = True
    costless: ClassVar[tuple[str, ...]] = (*Settings.costless, "feature_iterations")

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "Public code, correlation clustering": {
            "n_clusters": 10,
            "features": "dino",
            "affinity": "product",
            "neighbourhood": 0.0,
            "alpha": 3.0,
            "initialised": False,
        },
    }

    @property
    def n_classes(self) -> int:
        """Number of clusters K; in two stages of both sides."""
        return self.n_clusters * (2 if self.foreground_iterations else 1)

    @property
    def reach(self) -> None:
        """The graph joins superpixels of the whole image."""
        return None

    def default_superpixels(self) -> Slic:
        """SLIC, whose regions are the nodes."""
        return Slic(n_segments=NODES, compactness=10)

    def cost(self, problem: Problem) -> Cost:
        """Count the products with the graph; features are learned on all pixels."""
        M, F = min(NODES, problem.pixels), n_features(self, problem.in_channels)
        flops = 2.0 * M**2 * (2 * F + 3 * self.n_clusters)
        kept = 40.0 * M**2 + problem.pixels * (8.0 * F + 24.0 * problem.in_channels + 24.0)
        learned = 100.0 * F * problem.pixels * (self.feature_iterations >= self.iterations)
        return Cost(flops, 40.0 * M**2 + learned * self._learns, kept)

    def cost_to_predict(self, problem: Problem) -> Cost:
        """Count features and graph in full: a prediction makes both anew."""
        M, F = min(NODES, problem.pixels), n_features(self, problem.in_channels)
        once = problem.pixels * (7000.0 + 100.0 * F)
        graph = 2.0 * M**2 * (2 * F + 3 * self.n_clusters)
        return Cost(graph, 40.0 * M**2 + once, self.cost(problem).kept)

    def parts(self) -> tuple[Part, ...]:
        """Updates of learned features, then those of the clustering."""
        first = min(self.feature_iterations, self.iterations) if self._learns else 0
        kinds = ((MOST_UPDATES, first), (0, self.iterations - first))
        return tuple(Part(self.replace(feature_iterations=f), n) for f, n in kinds if n)

    @property
    def _learns(self) -> bool:
        return self.features in ("responses", "autoencoder")

    def network(self, in_channels: int, ndim: int, generator: torch.Generator) -> nn.Module:
        """Build the graph networks and the one of features, drawn from Xavier's distribution."""
        network = Cutter(self, in_channels, ndim)
        if network.encoder is not None:
            initialise(network.encoder, generator)
        network.draw(self.seed)
        return network

    def steps(self, network: nn.Module, inputs: Inputs) -> Generator[Step, None, Stop | None]:
        """Learn features, then cluster; one count goes through all stages."""
        N = cast(Cutter, network)
        updates = inputs.control.iterations(self.iterations)
        done, first = inputs.control.begun, self._first(N)
        # A run that goes on may be beyond the features already.
        if done < first:
            yield from self._learning(N, inputs, islice(updates, first - done))
        if self.iterations < first:
            return self._uncut(first)
        if not N.begun:
            self._begin(N, inputs)
            N.begun.fill_(True)
        nodes = self._nodes(N, inputs.x, inputs.valid, cast(Tensor, inputs.index))
        if self.solver == "network":
            stop = yield from self._stages(N, nodes, inputs, updates, max(first, done))
        else:
            for t in islice(updates, 1):
                yield self._step(t, self._classes(N, nodes), {})
            stop = Stop("finished", "The graph was cut; there is nothing to train.")
        return self._uncut(first) if first and self.iterations == first else stop

    def freeze(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Where no clustering has begun, begin it; classify each image by itself."""
        N, index = cast(Cutter, network), cast(Tensor, inputs.index)
        if not N.begun:
            self._begin(N, inputs)
        found = []
        for k, labels in enumerate(index):
            here, valid = labels[None], None if inputs.valid is None else inputs.valid[k : k + 1]
            # Superpixels are numbered through all images; one alone counts from 1.
            before = index[:k].max() if k else 0
            own = torch.where(here > 0, here - before, 0)
            found.append(self.predict(N, inputs.x[k : k + 1], valid, own))
        return torch.cat(found)

    def predict(
        self, network: nn.Module, x: Tensor, valid: Tensor | None, index: Tensor | None = None
    ) -> Tensor:
        """Make the graph of an image, and run the network as it was frozen."""
        N = cast(Cutter, network)
        if index is None:
            index = over_segmented(self.default_superpixels(), x, valid)
        nodes = self._nodes(N, x, valid, index)
        c = self._classes(N, nodes)
        return torch.cat((c.new_zeros(1), c))[index]

    def _first(self, N: Cutter) -> int:
        """Return how many updates learn features; after a warm start they are learned already."""
        return 0 if N.begun or N.encoder is None else self.feature_iterations

    def _most(self, N: Cutter, done: int) -> int:
        """Return how many updates part foreground from background, after some were made."""
        features = 0 if N.encoder is None else self.feature_iterations
        return max(self.foreground_iterations - max(done - features, 0), 1)

    def _learning(
        self, N: Cutter, inputs: Inputs, updates: Iterator[int]
    ) -> Generator[Step, None, None]:
        """Learn features; the labels shown meanwhile are those before any update."""
        self._begin(N, inputs)
        shown = self._classes(N, self._nodes(N, inputs.x, inputs.valid, cast(Tensor, inputs.index)))
        for t, losses in learning(self, cast(nn.Module, N.encoder), inputs, updates):
            yield self._step(t, shown, losses)

    def _stages(
        self, N: Cutter, nodes: Nodes, inputs: Inputs, updates: Iterator[int], first: int
    ) -> Generator[Step, None, Stop | None]:
        """Cluster the whole, or two sides and then the superpixels of each."""
        drawn = self._drawn(inputs)
        if self.foreground_iterations and not N.parted:
            tasks, most = self._tasks(N, nodes, drawn), self._most(N, inputs.control.begun)
            stop = yield from self._clustering(tasks, len(nodes), updates, most)
            if stop or self.iterations < first + most:
                return stop
            with inputs.control.closing():
                self._begin_sides(N, nodes, drawn)
        tasks = self._tasks(N, nodes, drawn)
        return (yield from self._clustering(tasks, len(nodes), updates))

    def _clustering(
        self, tasks: Sequence[Task], n: int, updates: Iterator[int], most: int | None = None
    ) -> Generator[Step, None, Stop | None]:
        work = clustering(self, tasks, n, updates, most)
        while True:
            try:
                yield self._step(*next(work))
            except StopIteration as end:
                return cast(Stop | None, end.value)

    def _begin(self, N: Cutter, inputs: Inputs) -> None:
        """Measure what superpixels are described by, and start the networks anew."""
        # Also where a caller asks for a fit with gradients switched off.
        with inputs.control.closing(), torch.inference_mode(False), torch.enable_grad():
            N.draw(self.seed)
            if N.encoder is not None:
                measure(N.encoder, inputs.x, inputs.valid)
            index = cast(Tensor, inputs.index)
            raw = described(self, N.describing, inputs.x, inputs.valid, index)
            for kept, found in zip((N.centre, N.scale), standard(self, raw), strict=True):
                kept.copy_(found)
            nodes = self._nodes(N, inputs.x, inputs.valid, index)
            N.sigma[0] = mean_distance(self, nodes)
            if self.solver != "network":
                N.prototypes.copy_(
                    prototypes(nodes.features, self._named(N, nodes, inputs), self.n_classes)
                )
            elif self.initialised:
                self._initialise(self._tasks(N, nodes, self._drawn(inputs)))

    def _begin_sides(self, N: Cutter, nodes: Nodes, drawn: Tensor | None) -> None:
        """Start the networks of both sides."""
        side = classes(self._tasks(N, nodes), len(nodes)) // self.n_clusters
        for k in range(2):
            N.sigma[1 + k] = mean_distance(self, nodes[side == k])
        N.parted.fill_(True)
        if self.initialised:
            self._initialise(self._tasks(N, nodes, drawn))

    def _initialise(self, tasks: Sequence[Task]) -> None:
        """Teach each network what the classical partner finds."""
        for task in tasks:
            K = len(task.network.last.bias)
            segments = partition(task.graph.W, K, repelling=repelling(self))
            found = named(task.graph.x, segments, prototypes(task.graph.x, segments, K))
            taught(self, task, matched(found, task.drawn, K))

    def _tasks(self, N: Cutter, nodes: Nodes, drawn: Tensor | None = None) -> list[Task]:
        """Say which network clusters which nodes: all of them, or in the second stage each side."""
        K, everything = self.n_clusters, torch.arange(len(nodes), device=nodes.image.device)
        graph, two = connected_graph(self, nodes, N.sigma[0]), self.foreground_iterations > 0
        whole = N.whole, graph, everything
        if not two:
            return [Task(*whole, drawn=drawn)]
        sides = Task(*whole, step=K, drawn=None if drawn is None else drawn // K)
        if not N.parted:
            return [sides]
        side = classes([sides], len(nodes)) // K
        found = []
        for k, network in enumerate(N.sides):
            here = (side == k).nonzero()[:, 0]
            if len(here):
                graph = connected_graph(self, nodes[here], N.sigma[1 + k])
                found.append(Task(cast(GraphClassifier, network), graph, here, first=k * K))
        return found if drawn is None else [_with_scribbles(each, drawn, K) for each in found]

    def _classes(self, N: Cutter, nodes: Nodes) -> Tensor:
        """Classify nodes as the network or the classical partner does."""
        if self.solver == "network":
            return classes(self._tasks(N, nodes), len(nodes))
        return named(nodes.features, self._partition(N, nodes), N.prototypes)

    def _partition(self, N: Cutter, nodes: Nodes) -> Tensor:
        W = connected_graph(self, nodes, N.sigma[0]).W
        return partition(W, self.n_clusters, repelling=repelling(self))

    def _named(self, N: Cutter, nodes: Nodes, inputs: Inputs) -> Tensor:
        """Number the classical partner's segments as somebody drew on them."""
        return matched(self._partition(N, nodes), self._drawn(inputs), self.n_classes)

    def _nodes(self, N: Cutter, x: Tensor, valid: Tensor | None, index: Tensor) -> Nodes:
        n = int(index.max())
        if n > MOST:
            raise ValueError(
                f"{self.title} compares all superpixels with each other, and {n} are too many: "
                f"make no more than {MOST}."
            )
        raw = described(self, N.describing, x, valid, index)
        return placed((raw - N.centre) / N.scale, index, n)

    def _drawn(self, inputs: Inputs) -> Tensor | None:
        """Return the class scribbled on each superpixel, -1 for none."""
        return None if inputs.drawn is None else inputs.drawn[1:] - 1

    def _step(self, t: int, c: Tensor, losses: Mapping[str, Tensor]) -> Step:
        votes = torch.cat((c.new_zeros(1), c + 1))
        there = present(c, self.n_classes).sum()
        return Step(t, self.iterations, small(votes, self.n_classes), there, losses)

    def _uncut(self, first: int) -> Stop:
        sentence = f"All {self.iterations} iterations learned features"
        return Stop("finished", f"{sentence}: ask for more than {first} to cluster.")


def _with_scribbles(task: Task, drawn: Tensor, n_clusters: int) -> Task:
    here = drawn[task.nodes] - task.first
    inside = (here >= 0) & (here < n_clusters)
    return dataclasses.replace(task, drawn=here.masked_fill(~inside, -1))
