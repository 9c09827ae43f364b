"""Members trained side by side, an update of each at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping, Sequence

import torch
from torch import Tensor

from napari_selfseg.consensus._votes._members import Members
from napari_selfseg.protocol import Control, Inputs, Interrupted, Method, Step, Stop, TrainingState

__all__ = ["SideBySide"]

State = dict[str, Tensor]


class SideBySide:
    """Advance every member by one update, all or none.

    Parameters
    ----------
    members : sequence of Method
        What they do.
    networks : Members
        Their networks.
    inputs : Inputs
        What they see; each gets a count of its own.
    """

    def __init__(self, members: Sequence[Method], networks: Members, inputs: Inputs) -> None:
        self._networks, begun = networks, inputs.control.begun
        self._work: list[Generator[Step, None, Stop | None]] = [
            each.steps(
                network,
                dataclasses.replace(inputs, control=Control(begun), state=TrainingState()),
            )
            for each, network in zip(members, networks.live, strict=True)
        ]
        self._losses: list[Mapping[str, Tensor]] = [{} for _ in members]

    @property
    def losses(self) -> dict[str, Tensor]:
        """Every term of the losses, averaged over the members that have it."""
        names = dict.fromkeys(name for each in self._losses for name in each)
        return {
            name: torch.stack([each[name] for each in self._losses if name in each]).mean()
            for name in names
        }

    def advance(self) -> None:
        """Make one update of each, and see what it led to; a member that has ended rests.

        Where the run was asked to stop it raises `Interrupted`, and no member has made the update.
        """
        before = [_copied(each.state_dict()) for each in self._networks.live]
        try:
            for number, steps in enumerate(self._work):
                step = next(steps, None)
                if step is not None:
                    self._losses[number] = step.losses
        except Interrupted:
            for network, state in zip(self._networks.live, before, strict=True):
                network.load_state_dict(state)
            raise

    def close(self) -> None:
        """Let the members go."""
        for steps in self._work:
            steps.close()


def _copied(state: Mapping[str, Tensor]) -> State:
    return {name: each.clone() for name, each in state.items()}
