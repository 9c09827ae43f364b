"""Stopping a run between two layers, and knowing how many updates it made."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

__all__ = ["Control", "Interrupted"]


class Interrupted(Exception):  # noqa: N818 - not an error: somebody pressed Stop
    """Raised inside a layer once the run was asked to stop."""


class Control:
    """The one place where a run counts its updates and learns that it should end.

    Any thread may call `stop` and `abandon`; the run reads them between layers.

    Parameters
    ----------
    begun : int
        Updates that an earlier run has made, which this one goes on from.

    Attributes
    ----------
    done : int
        Updates completed, those of the earlier run among them.
    """

    def __init__(self, begun: int = 0) -> None:
        self.begun = self.done = begun
        self._asked = False
        self._abandoned = False
        self._closing = False

    @property
    def asked(self) -> bool:
        """Whether the run was asked to stop."""
        return self._asked

    @property
    def abandoned(self) -> bool:
        """Whether the run was told to end without its closing forward."""
        return self._abandoned

    def stop(self) -> None:
        """Ask the run to end after the current layer; its closing forward still follows."""
        self._asked = True

    def abandon(self) -> None:
        """Ask the run to end after the current layer, with no closing forward."""
        self._asked = self._abandoned = True

    @contextlib.contextmanager
    def closing(self) -> Iterator[None]:
        """Let only `abandon` interrupt the forward inside the block."""
        before, self._closing = self._closing, True
        try:
            self.check()
            yield
        finally:
            self._closing = before

    def check(self) -> None:
        """Raise `Interrupted` when the run should end here."""
        if self._abandoned or (self._asked and not self._closing):
            raise Interrupted

    def iterations(self, total: int) -> Iterator[int]:
        """Count the updates made so far, up to ``total - 1``; ends early when asked to.

        `total` counts those of an earlier run as well.
        """
        for done in range(self.begun, total):
            self.done = done
            self.check()
            yield done
        # Only where nobody ended it: after a stop `done` is what was made.
        self.done = total

    def watch(self, network: nn.Module) -> None:
        """Check before every layer of a network, forward and backward.

        Layers are its modules without children.
        """
        for layer in network.modules():
            if next(layer.children(), None) is None:
                layer.register_forward_hook(self._after)

    def _after(self, layer: nn.Module, args: tuple[Any, ...], output: Tensor) -> None:
        self.check()
        # The gradient of a layer is reached on the way back, which takes longer than the way there.
        if output.requires_grad:
            output.register_hook(lambda gradient: self.check())
