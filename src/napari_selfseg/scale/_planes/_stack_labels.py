"""The labels of a stack: in memory or on disk, written a whole plane at a time."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import ImageFile, create_labels, has_room_for_place
from napari_selfseg.protocol import Method
from napari_selfseg.scale._planes._slices import Planes

__all__ = ["StackLabels", "create_stack_labels", "stack_dtype"]


def stack_dtype(
    method: Method, carry: str, *, finished: bool = False
) -> type[np.uint16] | type[np.uint32]:
    """Return uint16 for the classes of one method, uint32 for ids that may grow with the stack.

    By overlap there are new ids on any plane; `finished` labels are numbered anew.
    """
    # Then ids are numbered on along the stack, beyond the classes of a run.
    grows = carry == "independent" or method.numbered_anew or finished
    return np.uint32 if grows or method.n_classes > np.iinfo(np.uint16).max else np.uint16


class StackLabels:
    """Where labels go, and which planes are there.

    `out` is written into by slices and must have this `shape`; `done` is one bool a plane, or their
    indices.

    Attributes
    ----------
    done : ndarray of bool
        One a plane.
    highest : int
        Largest id in the planes that are there.

    Raises
    ------
    ValueError
        When shape, type or planes do not fit.
    """

    def __init__(
        self, out: Any, axis: int | Sequence[int], shape: tuple[int, ...], done: Any = None
    ) -> None:
        if tuple(out.shape) != shape or np.dtype(out.dtype).kind not in "ui":
            raise ValueError(
                f"The labels go into whole numbers of shape {shape}, not into {out.dtype} of "
                f"{tuple(out.shape)}: give another out."
            )
        self.array = out
        self._planes = Planes(out, axis)
        self.done = _marked(done, len(self._planes))
        there = np.flatnonzero(self.done).tolist()
        self.highest = max((int(self._planes[k].max()) for k in there), default=0)

    def __getitem__(self, plane: int) -> NDArray[Any]:
        """Read a plane."""
        return self._planes[plane]

    def write(self, plane: int, labels: NDArray[np.integer[Any]]) -> None:
        """Write a whole plane, with the ids of the stack.

        ValueError when an id is beyond the type of the array.
        """
        most, dtype = int(labels.max()), np.dtype(self.array.dtype)
        if most > np.iinfo(dtype).max:
            raise ValueError(
                f"Id {most} does not fit into {dtype}: give an out of a wider type, such as uint32."
            )
        self.array[self._planes.spot(plane)] = labels.astype(dtype)

    def finish(self, plane: int, labels: NDArray[np.integer[Any]]) -> None:
        """Write a plane that is done."""
        self.write(plane, labels)
        self.highest = max(self.highest, int(labels.max()))
        self.done[plane] = True

    def show(self, unfinished: Mapping[int, NDArray[np.integer[Any]]]) -> None:
        """Write what was found on planes that are not done."""
        for plane, labels in unfinished.items():
            if not self.done[plane]:
                self.write(plane, labels)


def _marked(done: Any, n: int) -> NDArray[np.bool_]:
    marks = np.zeros(n, np.bool_)
    if done is None:
        return marks
    given = np.asarray(done)
    if given.dtype.kind == "b":
        if given.size != n:
            raise ValueError(f"{given.size} marks for {n} planes: give one a plane.")
        return given.ravel().copy()
    if given.size and (given.dtype.kind not in "ui" or not 0 <= given.min() <= given.max() < n):
        raise ValueError(f"The planes that are done are numbers from 0 to {n - 1}, not {done}.")
    marks[given.astype(np.int64)] = True
    return marks


def create_stack_labels(
    path: str | os.PathLike[str],
    image: ImageFile,
    method: Method,
    carry: str,
    *,
    finished: bool = False,
) -> Any:
    """Make the empty labels of a stack in OME-Zarr, a chunk a plane, for `over_stack`.

    `finish_labels` adds the record. `carry` is as for `over_stack`, `finished` as for
    `stack_dtype`.

    Raises
    ------
    ValueError
        When the ending is another one.
    OSError
        When it cannot be written.
    """
    has_room_for_place(Path(path), image.place["axes"], image.georeference)
    place = {key: value for key, value in image.place.items() if key != "georeference"}
    return create_labels(
        path,
        image.shape,
        dtype=stack_dtype(method, carry, finished=finished),
        chunks=(1,) * (len(image.shape) - 2) + image.shape[-2:],
        **place,
    )
