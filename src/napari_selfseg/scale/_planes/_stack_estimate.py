"""What a stack is going to take, all its planes together."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from napari_selfseg.protocol import Estimate, Method, bytes_needed, estimate, seconds_to_predict
from napari_selfseg.scale._planes._carrying import updates_from_neighbour
from napari_selfseg.scale._planes._joint import FITTED

__all__ = ["bytes_of_stack", "estimate_stack", "planes_together"]


def estimate_stack(
    plane: Sequence[int],
    planes: int,
    in_channels: int,
    method: Method,
    *,
    carry: str,
    iterations: int | None = None,
    planes_fitted: int | None = None,
    **how: Any,
) -> Estimate:
    """Estimate the time of all planes of a stack, and the memory of what is done at once.

    Arguments are as for `over_stack` and `estimate`.

    Raises
    ------
    ValueError
        As `estimate`.
    """
    if carry == "joint":
        together = planes_together(carry, planes, planes_fitted)
        fit = estimate(plane, in_channels, method, images=together, **how)
        return _with(fit, planes * _labelling(plane, in_channels, method, how))
    first = estimate(plane, in_channels, method, **how)
    if carry == "warm":
        few = updates_from_neighbour(method, iterations)
        later = estimate(plane, in_channels, method, updates=few, **how)
        return _with(first, (planes - 1) * later.seconds)
    return dataclasses.replace(
        first,
        seconds=first.seconds * planes,
        likely=None if first.likely is None else first.likely * planes,
        processor=first.processor * planes,
    )


def bytes_of_stack(
    plane: Sequence[int],
    planes: int,
    in_channels: int,
    method: Method,
    *,
    carry: str,
    planes_fitted: int | None = None,
    **how: Any,
) -> int:
    """Estimate the memory alone of what is done at once, which needs no trial.

    Arguments are those of `estimate_stack` and `bytes_needed`.
    """
    together = planes_together(carry, planes, planes_fitted)
    return bytes_needed(plane, in_channels, method, images=together, **how)


def planes_together(carry: str, planes: int, planes_fitted: int | None = None) -> int:
    """Return how many planes are in memory at a time; see `estimate_stack`."""
    return min(planes_fitted or FITTED, planes) if carry == "joint" else 1


def _labelling(
    plane: Sequence[int], in_channels: int, method: Method, how: dict[str, Any]
) -> float:
    """Return the seconds that a plane takes with a common fit: segments are made by an update."""
    if method.numbered_anew:
        return estimate(plane, in_channels, method, updates=1, **how).seconds
    where = {key: how[key] for key in ("device", "threads", "trials") if key in how}
    return seconds_to_predict(method, in_channels, plane, **where)


def _with(first: Estimate, seconds: float) -> Estimate:
    likely = None if first.likely is None else first.likely + seconds
    return dataclasses.replace(first, seconds=first.seconds + seconds, likely=likely)
