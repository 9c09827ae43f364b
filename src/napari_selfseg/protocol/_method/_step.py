"""What an iteration found, and why a run ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor

from napari_selfseg.hierarchy import Hierarchy
from napari_selfseg.work import Progress

__all__ = ["BY_ITSELF", "Ballot", "Step", "Stop"]

# Kinds of `Stop` after which a run has come to its own end, however many updates it made.
BY_ITSELF: Final = ("finished", "min_labels", "settled")


class Ballot(NamedTuple):
    """A label map that counts in a consensus.

    Attributes
    ----------
    family : str
        Maps that belong together count as one.
    votes : Tensor
        As in `Step`.
    """

    family: str
    votes: Tensor


@dataclass(frozen=True)
class Step:
    """What one iteration found. Nothing is copied to the host until it is read.

    Attributes
    ----------
    iteration : int
        Number of updates behind these labels: 0 is the untrained network.
    total : int
        Number of updates the run is going to make at most.
    votes : Tensor
        Small integers counted from 1, 0 where there are no data: one a superpixel, ``(n + 1,)``,
        or one a pixel, ``(N, *spatial)``, where the method uses no superpixels.
    raw_labels : Tensor
        0-d, number of labels that some pixel had before the vote.
    losses : mapping of str to Tensor
        0-d, every term of the loss, weighted as in the sum; empty for the closing step.
    ballots : tuple of Ballot
        Label maps for the consensus, of a method that finds others than those it shows.
    hierarchies : tuple of Hierarchy
        The tree of segments of each image, of a method that makes its own; else nothing.
    """

    iteration: int
    total: int
    votes: Tensor
    raw_labels: Tensor
    losses: Mapping[str, Tensor]
    ballots: tuple[Ballot, ...] = ()
    hierarchies: tuple[Hierarchy, ...] = ()

    @property
    def progress(self) -> Progress:
        """How far the run is."""
        return Progress("iteration", self.iteration, self.total)

    @property
    def loss(self) -> float:
        """Sum of the loss terms; nan for the closing step, which has none."""
        return float(sum(map(float, self.losses.values()))) if self.losses else float("nan")

    @property
    def n_labels(self) -> int:
        """Number of labels after the vote, as the user sees it."""
        return int(torch.unique(self.votes[self.votes > 0]).numel())

    @property
    def n_raw_labels(self) -> int:
        """Number of labels before the vote, as `min_labels` tests it."""
        return int(self.raw_labels)


@dataclass(frozen=True)
class Stop:
    """Why a run ended.

    Attributes
    ----------
    kind : str
        ``"finished"``, ``"min_labels"``, ``"settled"``, ``"asked"``, ``"abandoned"`` or
        ``"failed"``.
    sentence : str
        The same for a person.
    """

    kind: str
    sentence: str
