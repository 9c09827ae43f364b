"""Objects of a result, each of the kind it is most like; no Qt and no napari here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari_selfseg.protocol import Run
    from napari_selfseg.widgets.model.request import Request

__all__ = ["Sorted", "names_of", "sorted_objects", "sorts"]


@dataclass(frozen=True)
class Sorted:
    """Objects with their kinds.

    Attributes
    ----------
    sizes : dict of int to int
        Pixels by object.
    classes : dict of int to int
        Kind by object, as the strokes that showed it are numbered.
    """

    sizes: dict[int, int]
    classes: dict[int, int]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The objects there are."""
        return tuple(self.sizes)

    def size(self, number: int) -> int:
        """Return the pixels of an object."""
        return self.sizes[number]


def sorts(run: Run) -> bool:
    """Say whether a run knows kinds of objects."""
    from napari_selfseg.protocol import Sorting

    return isinstance(run.method, Sorting) and run.method.sorts and run.stopped is not None


def names_of(run: Run) -> dict[int, str]:
    """Return the names of the kinds that a run knows."""
    from napari_selfseg.protocol import Sorting

    return dict(run.method.class_names) if isinstance(run.method, Sorting) else {}


def sorted_objects(run: Run, request: Request, labels: NDArray[Any]) -> Sorted | None:
    """Say of each object which kind it is most like; slow, so call it in a worker thread.

    Parameters
    ----------
    run : Run
        That has ended.
    request : Request
        What was run.
    labels : ndarray of int
        ``(*spatial)`` objects of the part.

    Returns
    -------
    Sorted or None
        None where the run was ended before it had settled what it learned.
    """
    try:
        fit = run.fit
    except ValueError:
        return None
    given = request.arrays()
    classes = fit.object_classes(
        given["image"],
        labels,
        channel_axis=given["channel_axis"],
        mask=given["mask"],
        device=request.device,
        threads=request.threads,
    )
    sizes = np.bincount(labels.ravel().astype(np.int64), minlength=1)
    there = (np.flatnonzero(sizes[1:]) + 1).tolist()
    return Sorted(
        {number: int(sizes[number]) for number in there},
        {number: int(classes[number]) for number in there},
    )
