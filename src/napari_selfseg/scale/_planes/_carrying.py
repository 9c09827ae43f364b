"""What a plane takes over from its neighbour: ids by overlap, or weights and ids."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.protocol import BY_ITSELF, Fit, Method, Run, Step, Stop, StopRelay
from napari_selfseg.scale._planes._matching import by_overlap, named, pairs
from napari_selfseg.scale._planes._order import Order
from napari_selfseg.scale._planes._request import StackRequest
from napari_selfseg.scale._planes._stack_labels import StackLabels

__all__ = ["WHOLE", "Carrying", "Found", "Independent", "Warm"]

# Ways to end after which a plane is as it should be.
WHOLE = BY_ITSELF
# Share of the iterations for a plane that begins with its neighbour's weights. Updates add up along
# a stack, and classes merge: of 0.1, 0.25 and 0.5 the least did least harm (docs/stacks.md).
SHARE = 0.1

Naming = Callable[[NDArray[Any]], NDArray[np.int64]]


class Found(NamedTuple):
    """The labels of a plane, and why its run ended.

    Attributes
    ----------
    ids : ndarray of int64
        With the ids of the stack.
    iterations : int
        Updates made on it.
    """

    ids: NDArray[np.int64]
    stop: Stop
    iterations: int


class Carrying(ABC):
    """How planes are labelled, one after the other.

    Attributes
    ----------
    fit : Fit or None
        The last that was made.
    """

    def __init__(
        self, request: StackRequest, labels: StackLabels, order: Order, relay: StopRelay
    ) -> None:
        self.request, self.labels, self.order, self.relay = request, labels, order, relay
        self.fit: Fit | None = None
        self._look: Callable[[Step], NDArray[Any]] | None = None

    def prepare(self, viewed: Callable[[], int]) -> Iterator[tuple[int, Step]]:
        """Do what comes before the first plane; yield steps, with the plane they show."""
        return iter(())

    @abstractmethod
    def plane(self, plane: int) -> Generator[Step, None, Found | None]:
        """Label a plane; None where that was abandoned."""

    def project(self, step: Step) -> NDArray[Any]:
        """Return the labels of a step of the run at work, with the ids of the stack so far."""
        if self._look is None:
            raise ValueError("No run is at work.")
        return self._look(step)

    def _drained(
        self, run: Run, name: Naming
    ) -> Generator[Step, None, tuple[NDArray[Any], Found] | None]:
        """Run to the end; return the labels of the run, and those of the stack."""
        self._look = lambda step: name(run.project(step.votes))
        # Of a plane that was not begun nothing is worth a closing step.
        with self.relay.on(run, settle=False):
            yield from run
        self._look = None
        if run.stopped is None or run.stopped.kind == "abandoned":
            return None
        self.fit, labels = run.fit, run.labels()
        return labels, Found(name(labels), run.stopped, run.iteration)

    def _by_overlap(self, plane: int) -> Naming:
        """Return what numbers the segments of a plane after its neighbour's."""
        neighbour = self.order.neighbour(plane)
        if neighbour is None:
            return _unchanged
        return partial(by_overlap, before=self.labels[neighbour], highest=self.labels.highest)


class Independent(Carrying):
    """Every plane has a run of its own; ids are matched by overlap."""

    def plane(self, plane: int) -> Generator[Step, None, Found | None]:
        """Label a plane from nothing."""
        run = self.request.run([plane], self.request.method)
        drained = yield from self._drained(run, self._by_overlap(plane))
        return None if drained is None else drained[1]


class Lineage(NamedTuple):
    """A fit, and the id of each of its classes; None where they are the same."""

    fit: Fit
    names: dict[int, int] | None


class Warm(Carrying):
    """A plane begins with the weights of its neighbour, and takes fewer iterations.

    Ids come with the weights: a class is what it was. Where labels are segments and no classes, or
    the neighbour was done by somebody else, they are matched by overlap. `iterations` are a share
    of the method's by default.
    """

    def __init__(self, *args: Any, iterations: int | None = None) -> None:
        super().__init__(*args)
        self.iterations = updates_from_neighbour(self.request.method, iterations)
        self._from: dict[int, Lineage] = {}

    def plane(self, plane: int) -> Generator[Step, None, Found | None]:
        """Label a plane from what its neighbour knows."""
        # What no plane will begin with is let go of.
        self._from = {k: self._from[k] for k in self.order.neighbours() if k in self._from}
        # The neighbour may have been done by an earlier session, which left labels but no weights.
        neighbour = self.order.neighbour(plane)
        known = None if neighbour is None else self._from.get(neighbour)
        name = self._naming(plane, known)
        drained = yield from self._drained(self._begun(plane, known), name)
        if drained is None:
            return None
        labels, found = drained
        self._keep(plane, labels, found, known)
        return found

    def _begun(self, plane: int, known: Lineage | None) -> Run:
        method = self.request.method
        if known is None:
            return self.request.run([plane], method)
        return self.request.run([plane], method.replace(iterations=self.iterations), known.fit)

    def _naming(self, plane: int, known: Lineage | None) -> Naming:
        if known is None or self.request.numbered_anew:
            return self._by_overlap(plane)
        if known.names is None:
            return _unchanged
        return partial(named, names=known.names, highest=self.labels.highest)

    def _keep(self, plane: int, labels: NDArray[Any], found: Found, known: Lineage | None) -> None:
        if self.fit is None:
            return
        # Names of classes: None where each class is its own id, as on the very first plane.
        before = {} if known is None else known.names
        first = self.order.neighbour(plane) is None
        unchanged = self.request.numbered_anew or first or before is None
        names = None if unchanged else {**(before or {}), **pairs(labels, found.ids)}
        self._from[plane] = Lineage(self.fit, names)


def updates_from_neighbour(method: Method, iterations: int | None) -> int:
    """Return how many updates a plane takes that begins with its neighbour's weights.

    They are as asked for; None is a share of the method's.
    """
    return iterations or max(1, round(SHARE * method.iterations))


def _unchanged(labels: NDArray[Any]) -> NDArray[np.int64]:
    return labels.astype(np.int64)
