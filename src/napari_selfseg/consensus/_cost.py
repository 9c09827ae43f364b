"""What the label maps take that need no network, for an estimate before a run."""

from __future__ import annotations

import dataclasses
from typing import Final

from napari_selfseg.consensus._settings import Settings
from napari_selfseg.protocol import Cost, Part, Problem
from napari_selfseg.superpixels import at_once

__all__ = ["Costs"]

# Forwards that take as long as an update.
FORWARDS = 3
# Updates between two votes that never come.
MOST_UPDATES = 100_000

# As if so many bytes a pixel were read and written.
_BYTES: Final = 160_000
# Products of k-means, three maps of some twenty features and 32 clusters.
_FLOPS: Final = 3 * 2 * 20 * 32
# Bytes of a pixel at the same time, and of one of a block at work, as they were measured at
# 700 x 700 and at 2048 x 2048.
_KEPT: Final = 55.0
_KEPT_AT_WORK: Final = 300.0


def _classical(problem: Problem) -> Cost:
    """Say what all of them take."""
    count, together = at_once(problem.pixels, problem.ndim)
    pixels = float(problem.pixels)
    kept = _KEPT * pixels + _KEPT_AT_WORK * together
    return Cost(_FLOPS * pixels / count, _BYTES * pixels / count, kept)


class Costs(Settings):
    """What a consensus with such settings takes, and how many updates it makes."""

    def cost(self, problem: Problem) -> Cost:
        """Sum over the members; without any, what the classical maps take."""
        if not self.resolved():
            return _classical(problem)
        shrunk_to = problem.pixels // (2**problem.ndim if self.half_resolution else 1)
        seen = dataclasses.replace(problem, pixels=max(shrunk_to, 1))
        costs = [each.cost(seen) for each in self.resolved()]
        return Cost(
            sum(each.flops for each in costs),
            sum(each.moved for each in costs) + 40.0 * problem.pixels,
            sum(each.kept for each in costs) + 40.0 * problem.pixels,
        )

    def cost_to_predict(self, problem: Problem) -> Cost:
        """Count all classical maps, and a forward of each copy of a network that has voted."""
        iteration, looks = self.cost(problem), (1 + self.iterations // self.every) / FORWARDS
        classical = _classical(problem).moved * self.classical
        return Cost(looks * iteration.flops, looks * iteration.moved + classical, iteration.kept)

    @property
    def updates(self) -> int:
        """Those of the networks; 0, where there are none."""
        return self.iterations if self.resolved() else 0

    @property
    def likely_iterations(self) -> int:
        """All updates of the networks; one, where there are none."""
        return self.iterations if self.resolved() else 1

    def parts(self) -> tuple[Part, ...]:
        """Updates between votes, and those with one."""
        if not self.resolved():
            return (Part(self, 1),)
        voting = self.iterations // self.every
        kinds = ((MOST_UPDATES, self.iterations - voting), (1, voting))
        return tuple(Part(self.replace(every=every), n) for every, n in kinds if n)
