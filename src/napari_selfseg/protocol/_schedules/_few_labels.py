"""When a run has so few labels left that it should end."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_selfseg.protocol._method._inputs import Inputs
from napari_selfseg.protocol._method._step import Stop
from napari_selfseg.regions import present

__all__ = ["FewLabels"]


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
