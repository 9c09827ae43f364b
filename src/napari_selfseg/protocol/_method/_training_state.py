"""What a training needs beside its weights to go on from a file as if it had never ended."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

__all__ = ["TrainingState"]

GENERATOR = "generator"


class TrainingState:
    """The running averages of the optimiser at work, and the state of the random numbers.

    Parameters
    ----------
    start : mapping of str to Tensor, optional
        From `read` of an earlier run; the first optimiser of the same weights, and the first
        generator, begin with it.
    """

    def __init__(self, start: Mapping[str, Tensor] | None = None) -> None:
        self._start = dict(start or {})
        self._drawn = self._start.pop(GENERATOR, None)
        self._optimiser: torch.optim.Optimizer | None = None
        self._generator: torch.Generator | None = None

    def of(self, optimiser: torch.optim.Optimizer) -> torch.optim.Optimizer:
        """Watch a new optimiser, give it what it begins with, and return it."""
        weights, start = _weights(optimiser), [(_Name(n), each) for n, each in self._start.items()]
        if all(name.fits(each, optimiser) for name, each in start):
            for name, each in start:
                weight = weights[name.number]
                # Adam counts its steps on the CPU.
                where = each.device if each.ndim == 0 else weight.device
                optimiser.state[weight][name.key] = each.clone().to(where)
        self._start, self._optimiser = {}, optimiser
        return optimiser

    def generator(self, seed: int) -> torch.Generator:
        """Make the source of all that is drawn at random, and watch it.

        It begins at `seed` if there is no earlier run, and is on the CPU, so that every device sees
        the same.
        """
        self._generator = torch.Generator().manual_seed(seed)
        if self._drawn is not None:
            # A state that is none is left, as averages of other weights are.
            with contextlib.suppress(RuntimeError, TypeError):
                self._generator.set_state(self._drawn)
        return self._generator

    def before_each(self, updates: Iterator[int]) -> Iterator[int]:
        """Note the state before each update: one that was begun is made again from a file.

        `updates` is from `Control.iterations`, and is yielded on.
        """
        for done in updates:
            self._note()
            yield done
        self._note()

    def keep(self) -> None:
        """Keep the averages as they are now, and let go of the optimiser."""
        self._start = self._averages()
        self._optimiser = None

    def let_go(self) -> None:
        """Let go of the optimiser."""
        self._optimiser = None

    def read(self) -> dict[str, Tensor]:
        """Return the state as it is now.

        Returns
        -------
        dict of str to Tensor
            On the CPU: averages by optimiser, number of the weight and name, such as
            ``"Adam.0.exp_avg"``, none before the first update; and ``"generator"``, if something
            is drawn.
        """
        drawn = {} if self._drawn is None else {GENERATOR: self._drawn}
        return self._averages() | drawn

    def _note(self) -> None:
        if self._generator is not None:
            self._drawn = self._generator.get_state()

    def _averages(self) -> dict[str, Tensor]:
        if self._optimiser is None:
            return dict(self._start)
        kind = type(self._optimiser).__name__
        return {
            f"{kind}.{number}.{key}": value.detach().cpu().clone()
            for number, weight in enumerate(_weights(self._optimiser))
            for key, value in self._optimiser.state.get(weight, {}).items()
            if isinstance(value, Tensor)
        }


class _Name:
    """What an average is called in a file."""

    def __init__(self, text: str) -> None:
        self.kind, number, self.key = (*text.split("."), "", "")[:3]
        self.number = int(number) if number.isdecimal() else -1

    def fits(self, average: Tensor, optimiser: torch.optim.Optimizer) -> bool:
        """Say whether it is one of this optimiser, not of another stage of a method."""
        weights = _weights(optimiser)
        return (
            self.kind == type(optimiser).__name__
            and 0 <= self.number < len(weights)
            and average.shape in ((), weights[self.number].shape)
        )


def _weights(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    return [weight for group in optimiser.param_groups for weight in group["params"]]
