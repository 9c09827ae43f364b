"""Where a stack is, after each iteration of a run and at the end of each plane."""

from __future__ import annotations

from dataclasses import dataclass

from napari_selfseg.protocol import Step

__all__ = ["StackStep"]


@dataclass(frozen=True)
class StackStep:
    """Where a stack is.

    Attributes
    ----------
    plane : int
        At work; in a common fit that of its planes which is nearest to the one in view.
    step : Step or None
        Of the run at work; None when a plane is done, or failed.
    done : int
        Planes that are done.
    total : int
        Planes of the stack.
    seconds_left : float or None
        By the pace so far; None until a plane is done.
    """

    plane: int
    step: Step | None
    done: int
    total: int
    seconds_left: float | None
