"""When a run ends before its last update: few labels are left, or labels change no more."""

from __future__ import annotations

from collections import deque
from typing import Final

import torch
from torch import Tensor

from napari_selfseg.protocol._method._inputs import Inputs
from napari_selfseg.protocol._method._step import Stop
from napari_selfseg.regions import areas, present

__all__ = ["SETTLED_HELP", "FewLabels", "Settled"]

SETTLED_HELP: Final = (
    "The run ends when, in the mean of ten updates, fewer of the pixels than this change their "
    "label; 0 lets it make all its updates."
)
# Updates that are looked at together: a single one often changes nothing for a while.
WINDOW: Final = 10


class FewLabels:
    """Counts the labels before the vote, and ends the run one iteration after few were left.

    By then the next forward is queued, so that a device is busy while the count is read. With
    scribbles few are the scribbled classes and no others: as many labels, whichever they are, may
    lack a class that somebody drew.

    Parameters
    ----------
    n_classes : int
        Classes a label can name.
    least : int
        The run ends when no more are left; with scribbles this has no effect.
    inputs : Inputs
        Of the run.
    """

    def __init__(self, n_classes: int, least: int, inputs: Inputs) -> None:
        self._n = n_classes
        self._least = least
        self._valid = inputs.valid
        self._drawn: Tensor | None = None
        if inputs.scribbles is not None:
            self._drawn = present(inputs.scribbles, n_classes)
        self._found = torch.tensor(n_classes)
        self._few = torch.tensor(False)

    def count(self, c: Tensor) -> Tensor:
        """Note the labels of an iteration, a class from 0 a pixel; return their number, 0-d."""
        there = present(c, self._n, self._valid)
        self._found = there.sum()
        if self._drawn is None:
            self._few = self._found <= self._least
        else:
            self._few = (there == self._drawn).all()
        return self._found

    def stop(self, t: int) -> Stop | None:
        """Say whether the labels noted after `t` updates were few; None while the run goes on."""
        if not self._few:
            return None
        n, after = int(self._found), f"after {t} iterations"
        if self._drawn is not None:
            which, rule = f"the {n} scribbled", "the scribbled ones"
        elif n == 1:
            advice = "the labels collapsed. Try another seed, or a smaller learning rate."
            return Stop("min_labels", f"All pixels have the same label {after}: {advice}")
        else:
            which, rule = f"{n}", f"{self._least}"
        left = f"Only {which} label{'' if n == 1 else 's'} left before the vote {after}"
        return Stop("min_labels", f"{left} (it stops when {rule} are left).")


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
