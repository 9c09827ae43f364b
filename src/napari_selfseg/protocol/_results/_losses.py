"""The losses of a run by iteration, read only when somebody asks."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from torch import Tensor

__all__ = ["Losses"]


class Losses:
    """Every term of the loss by iteration."""

    def __init__(self) -> None:
        self._values: dict[str, dict[int, Tensor | float]] = {}

    def copy(self) -> Losses:
        """Return other losses that begin with these."""
        other = Losses()
        other._values = {name: dict(values) for name, values in self._values.items()}
        return other

    def add(self, iteration: int, terms: Mapping[str, Tensor]) -> None:
        """Keep the terms of a step, 0-d tensors, on the device."""
        for name, value in terms.items():
            self._values.setdefault(name, {})[iteration] = value

    def read(self) -> dict[str, dict[int, float]]:
        """Return every term by iteration."""
        return {
            name: {t: float(value) for t, value in list(values.items())}
            for name, values in list(self._values.items())
        }

    def to_host(self) -> None:
        """Move every value to the CPU; those of a device that was lost are dropped."""
        self._values = {name: _readable(values) for name, values in self._values.items()}


def _readable(values: Mapping[int, Tensor | float]) -> dict[int, Tensor | float]:
    found: dict[int, Tensor | float] = {}
    for t, value in values.items():
        with contextlib.suppress(RuntimeError):
            found[t] = float(value)
    return found
