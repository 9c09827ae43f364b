"""The networks of a consensus, what they were on their way, and what their labels mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_selfseg.consensus._votes._evidence import Evidence
from napari_selfseg.hierarchy import Hierarchy, matched
from napari_selfseg.protocol import Ballot, Inputs

__all__ = ["Members"]


class Ended(NamedTuple):
    """What there is of a run that has ended; see `Members`."""

    kept: nn.ModuleList
    prototypes: Tensor
    names: Tensor


class Members(nn.Module):
    """Networks that are trained side by side, and frozen copies of each from time to time.

    Parameters
    ----------
    networks : sequence of torch.nn.Module
        To be trained.
    build : callable
        Makes the network of a member, by its number, to hold a copy.

    Attributes
    ----------
    live : torch.nn.ModuleList
        Those that are trained.
    kept : torch.nn.ModuleList
        Frozen copies, all members of one time after the other.
    prototypes : Tensor
        ``(S, D)`` features of the segments of a closed run.
    names : Tensor
        ``(S,)`` their labels, from 1.
    evidence : Evidence or None
        What has voted in a run so far.
    seen : Inputs or None
        What the members iterate on.
    coming : iterator of Ballot
        Votes of the classical maps that are still to be made.
    pending : list of Ballot
        Votes that no step has brought yet.
    hierarchies : tuple of Hierarchy
        The tree of each image, as it was cut last.
    voted : int
        Updates the networks had made when they voted last.
    """

    prototypes: Tensor
    names: Tensor

    def __init__(self, networks: Sequence[nn.Module], build: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.live = nn.ModuleList(networks)
        self.kept = nn.ModuleList()
        self.register_buffer("prototypes", torch.empty(0, 0))
        self.register_buffer("names", torch.empty(0, dtype=torch.int64))
        # What `Blockwise.learn` has found out, where there is something.
        self.blocks = nn.Module()
        self.evidence: Evidence | None = None
        self.seen: Inputs | None = None
        self.coming: Iterator[Ballot] = iter(())
        self.pending: list[Ballot] = []
        self.hierarchies: tuple[Hierarchy, ...] = ()
        self.voted = -1
        self._shown: NDArray[np.int64] | None = None
        self._build = build

    @property
    def shown(self) -> NDArray[np.int64]:
        """``(n,)`` segment of each superpixel as it was last shown, from 1."""
        if self._shown is None:
            raise ValueError("Nothing was shown yet.")
        return self._shown

    def begin(self, evidence: Evidence, coming: Iterator[Ballot]) -> Ended:
        """Forget all but the weights, as a run begins; return what is forgotten.

        `evidence` is empty. `coming` are votes that need no network; each is made when it is taken.
        """
        before = Ended(self.kept, self.prototypes, self.names)
        self.kept = nn.ModuleList()
        self.prototypes, self.names = self.prototypes[:0], self.names[:0]
        self.evidence, self.coming, self.seen = evidence, coming, None
        self._shown, self.pending, self.voted, self.hierarchies = None, [], -1, ()
        return before

    def take_pending(self) -> tuple[Ballot, ...]:
        """Return the votes that no step has brought yet, once."""
        found, self.pending = tuple(self.pending), []
        return found

    def show(self, segments: NDArray[np.int64]) -> None:
        """Keep segments, ``(n,)`` from 1, numbered after those shown before."""
        if self._shown is not None and self.evidence is not None:
            segments = matched(segments, self._shown, self.evidence.weights)
        self._shown = segments

    def keep(self) -> list[nn.Module]:
        """Copy all members, whose statistics were frozen; the copies are ready to predict."""
        copies = [self._copy(number, each.state_dict()) for number, each in enumerate(self.live)]
        self.kept.extend(copies)
        return copies

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Load what was saved of the same members, however many copies that had."""
        # Torch loads only into modules and buffers that exist, and have the same shapes.
        numbers = {int(key.split(".")[1]) for key in state_dict if key.startswith("kept.")}
        count = max(len(self.live), 1)
        self.kept = nn.ModuleList(self._build(number % count) for number in sorted(numbers))
        if "prototypes" in state_dict:
            self.prototypes = torch.empty_like(state_dict["prototypes"])
            self.names = torch.empty_like(state_dict["names"])
        for key in state_dict:
            if key.startswith("blocks."):
                name = key.removeprefix("blocks.")
                self.blocks.register_buffer(name, torch.empty_like(state_dict[key]))
        return super().load_state_dict(state_dict, *args, **kwargs)

    def _copy(self, number: int, state: Mapping[str, Tensor]) -> nn.Module:
        network = self._build(number)
        device = next(iter(state.values())).device
        network.load_state_dict(state)
        return network.to(device).eval()
