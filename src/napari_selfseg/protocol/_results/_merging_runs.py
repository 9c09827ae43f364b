"""What the iterations of one run, or of several, have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_selfseg.hierarchy import Hierarchy, divided
from napari_selfseg.protocol._method._labels import as_superpixels
from napari_selfseg.regions import vote

__all__ = ["agreeing", "merge_runs", "settled"]

# The first part of a run is still noise, and more maps than these change nothing.
SETTLED = 1 / 3
MAPS = 24


class Evolution(Protocol):
    """What is read of a run."""

    superpixels: tuple[NDArray[np.int32], ...] | None
    scribbles: tuple[NDArray[Any] | None, ...]
    level: float

    @property
    def hierarchies(self) -> tuple[Hierarchy, ...]:
        """See `Run.hierarchies`."""

    @property
    def ballots(self) -> dict[str, list[Tensor]]:
        """See `Run.ballots`."""

    def by_superpixel(self, votes: Tensor, image: int = 0) -> NDArray[Any]:
        """See `Run.by_superpixel`."""

    def project(self, votes: Tensor, image: int = 0) -> NDArray[Any]:
        """See `Run.project`."""


def agreeing(runs: Sequence[Evolution], *, superpixels: Any = None, image: int = 0) -> Hierarchy:
    """Let runs on one image vote on every border; each of their families counts the same.

    Parameters
    ----------
    superpixels : array_like of int, optional
        What the segments are made of; those of the first run that has any by default.

    Raises
    ------
    ValueError
        When there are no labels yet, or superpixels or images do not fit.
    """
    if len(runs) == 1 and superpixels is None and image < len(runs[0].hierarchies):
        return runs[0].hierarchies[image]
    common, drawn = _common(runs, superpixels, image), _drawn(runs, image)
    if drawn is not None:
        common = divided(common, drawn)
    families = {
        f"{number} {family}": [_voted(run, each, common, image) for each in ballots]
        for number, run in enumerate(runs)
        for family, ballots in run.ballots.items()
    }
    return Hierarchy.of(common, families, level=runs[0].level, scribbles=drawn)


def merge_runs(*runs: Evolution, superpixels: Any = None, image: int = 0) -> Hierarchy:
    """Return the consensus of several runs on the same image.

    Parameters
    ----------
    *runs : Run
        Of any methods; each counts the same.
    superpixels : ndarray of int, optional
        ``(*spatial)`` from 1, 0 for no data: what the segments are made of. Those of the first run
        that has any by default.
    image : int
        Which image, where several were fitted together.

    Raises
    ------
    ValueError
        When no run is given, one has no labels yet, or images or superpixels do not fit.
    """
    if not runs:
        raise ValueError("Give the runs to merge.")
    return agreeing(runs, superpixels=superpixels, image=image)


def settled(iterations: Sequence[int]) -> list[int]:
    """Choose the iterations that count, of those kept.

    They are evenly spread over all but the first third; the last is one of them.
    """
    if not iterations:
        return []
    late = [t for t in iterations if t >= SETTLED * iterations[-1]]
    # Evenly spaced, and the last one always among them.
    places = np.linspace(len(late) - 1, 0, min(MAPS, len(late))).round().astype(int)
    return [late[k] for k in places[::-1]]


def _common(runs: Sequence[Evolution], superpixels: Any, image: int) -> NDArray[np.int32]:
    if superpixels is not None:
        return as_superpixels(superpixels, np.shape(superpixels))
    for run in runs:
        if run.superpixels is not None:
            if not 0 <= image < len(run.superpixels):
                raise ValueError(f"There is no image {image}: the run has {len(run.superpixels)}.")
            return run.superpixels[image]
    raise ValueError(
        "A run without superpixels has no pieces to make segments of: pass some, such as "
        "superpixels=Slic(n_segments=1000)(image)."
    )


def _drawn(runs: Sequence[Evolution], image: int) -> NDArray[Any] | None:
    """Return what was drawn for the runs; of two classes on one pixel that of the earlier run."""
    found: NDArray[Any] | None = None
    for run in runs:
        drawn = run.scribbles[image] if image < len(run.scribbles) else None
        if drawn is not None and (found is None or drawn.shape == found.shape):
            found = drawn if found is None else np.where(found > 0, found, drawn)
    return found


def _voted(
    run: Evolution, votes: Tensor, superpixels: NDArray[np.int32], image: int
) -> NDArray[Any]:
    """Give each superpixel the label most of its pixels have."""
    if run.superpixels is not None and np.array_equal(run.superpixels[image], superpixels):
        return run.by_superpixel(votes, image)
    labels = run.project(votes, image)
    if labels.shape != superpixels.shape:
        raise ValueError(
            f"The superpixels have shape {superpixels.shape} and the labels {labels.shape}: "
            "merge runs on the same image."
        )
    names, numbers = np.unique(labels, return_inverse=True)
    index = torch.from_numpy(superpixels.astype(np.int64))
    classes = torch.from_numpy(numbers.reshape(labels.shape))
    return vote(classes, index, int(superpixels.max()), len(names)).numpy()
