"""When the labels of a run change no more, so that it can end."""

from __future__ import annotations

from collections import deque
from typing import Final

import torch
from torch import Tensor

from napari_selfseg.protocol._method._inputs import Inputs
from napari_selfseg.protocol._method._step import Stop
from napari_selfseg.regions import areas

__all__ = ["SETTLED_HELP", "Settled"]

SETTLED_HELP: Final = (
    "The run ends when, in the mean of ten updates, fewer of the pixels than this change their "
    "label; 0 lets it make all its updates."
)
# Updates that are looked at together: a single one often changes nothing for a while.
WINDOW: Final = 10


class Settled:
    """Watches how many pixels change their label from one update to the next."""

    def __init__(self) -> None:
        self._least = 0.0
        self._before: Tensor | None = None
        self._changed: deque[Tensor] = deque(maxlen=WINDOW)
        self._weights: Tensor | None = None

    def note(self, votes: Tensor, least: float, inputs: Inputs) -> None:
        """Compare the labels of an iteration with those before.

        Parameters
        ----------
        votes : Tensor
            As in `Step`.
        least : float
            Per cent of the pixels with data, below which few change; 0 forgets what was before.
        """
        self._least = least / 100
        if not least:
            self._before = None
            return
        if self._before is not None:
            self._changed.append(self._share(votes != self._before, inputs))
        self._before = votes

    def stop(self, t: int) -> Stop | None:
        """Say whether labels had settled after `t` updates; None while the run goes on."""
        if len(self._changed) < WINDOW:
            return None
        share = float(torch.stack(tuple(self._changed)).mean())
        if share >= self._least:
            return None
        pixels = f"{100 * share:.2g} % of the pixels change in an update"
        return Stop("settled", f"The labels have settled after {t} iterations: {pixels}.")

    def _share(self, changed: Tensor, inputs: Inputs) -> Tensor:
        if self._weights is None:
            self._weights = _weights(changed, inputs)
        return (changed * self._weights).sum()


def _weights(votes: Tensor, inputs: Inputs) -> Tensor:
    """Return what part of the data each vote stands for."""
    if votes.ndim == 1 and inputs.index is not None:
        count = areas(inputs.index, inputs.n_regions)
        count[0] = 0
    else:
        count = torch.ones_like(votes) if inputs.valid is None else inputs.valid[:, 0]
    found: Tensor = count.float() / count.sum()
    return found
