"""Which pixels of a layer lie over those of another; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.layers import finest
from napari_selfseg.widgets.model.image_source import Index

__all__ = ["LayerPart", "kept_axes", "part_over"]

AXES: Final = "{name} has {n} axes and {frame} has {m}: they cannot lie over each other."
GRID: Final = "{name} and {frame} have pixels of different size or direction, or lie askew."
SHAPES: Final = "{name} has shape {shape} and {frame} has shape {wanted}: they must be the same."
ELSEWHERE: Final = "{name} does not cover {frame}: it lies elsewhere, or is only a part."
NEAR: Final = 0.5  # pixels


@dataclass(frozen=True)
class LayerPart:
    """The part of a layer that lies over another one.

    Attributes
    ----------
    index : tuple of int or slice
        The part.
    shape : tuple of int
        Of the part, without colours.
    """

    name: str
    data: Any
    index: Index
    shape: tuple[int, ...]

    def read(self) -> NDArray[Any]:
        """Read a copy of the part, colours last; slow where the data lie on a disk.

        A volume one pixel thick is a plane.
        """
        found = np.array(self.data[self.index])
        colours = found.shape[len(self.shape) :]
        return found.reshape(*(self.shape[axis] for axis in kept_axes(self.shape)), *colours)


def kept_axes(shape: Sequence[int]) -> list[int]:
    """Return the axes, ascending, without those one pixel long, as long as two others stay."""
    axes = list(range(len(shape)))
    thin = [axis for axis in axes if shape[axis] == 1]
    for axis in thin[: max(len(shape) - 2, 0)]:
        axes.remove(axis)
    return axes


def part_over(layer: Any, frame: Any) -> LayerPart:
    """Find the part of a layer that lies over all of another one.

    The layer may lack leading axes along which the other is one pixel thick. Layers of the same
    shape that begin at the same place are taken pixel by pixel, whatever the size of their pixels:
    truth from a file often comes without one.

    Raises
    ------
    ValueError
        When it does not cover the other, or their pixels do not lie over each other.
    """
    data, wanted = finest(layer), tuple(finest(frame).shape)
    shape, more = tuple(data.shape[: layer.ndim]), frame.ndim - layer.ndim
    if more < 0 or any(n != 1 for n in wanted[:more]):
        raise ValueError(AXES.format(name=layer.name, n=layer.ndim, frame=frame.name, m=frame.ndim))
    start = _start(layer, frame, wanted)
    about = {"name": layer.name, "frame": frame.name, "shape": shape, "wanted": wanted}
    if shape == wanted[more:] and np.abs(start[0]).max() < NEAR:
        index: Index = (slice(None),) * len(shape)
    elif not _parallel(start, wanted[more:]):
        raise ValueError((GRID if shape == wanted[more:] else SHAPES).format(**about))
    else:
        index = _covering(start[0], wanted[more:], shape, about)
    colours = (slice(3),) if getattr(layer, "rgb", False) else ()
    return LayerPart(layer.name, data, index + colours, wanted[more:])


def _start(layer: Any, frame: Any, wanted: tuple[int, ...]) -> NDArray[np.float64]:
    """Return where the first pixel of the frame, and the last along each axis, are in a layer."""
    more = frame.ndim - layer.ndim
    # The first corner and the end of each axis tell shift, pixel size and rotation.
    corners = np.zeros((layer.ndim + 1, frame.ndim))
    corners[1:, more:] = np.diag([n - 1 for n in wanted[more:]])
    found = [layer.world_to_data(frame.data_to_world(each)[more:]) for each in corners]
    return np.asarray(found, dtype=np.float64)


def _parallel(start: NDArray[np.float64], wanted: tuple[int, ...]) -> bool:
    """Whether a step of a pixel in the frame is the same step in the layer."""
    steps = start[1:] - start[0]
    return bool(np.abs(steps - np.diag([n - 1 for n in wanted])).max() < NEAR)


def _covering(
    first: NDArray[np.float64],
    wanted: tuple[int, ...],
    shape: tuple[int, ...],
    about: Mapping[str, object],
) -> Index:
    starts = [round(float(at)) for at in first]
    ends = [at + n for at, n in zip(starts, wanted, strict=True)]
    if min(starts) < 0 or any(end > n for end, n in zip(ends, shape, strict=True)):
        same_place = not any(starts)
        raise ValueError((SHAPES if same_place else ELSEWHERE).format(**about))
    return tuple(slice(at, end) for at, end in zip(starts, ends, strict=True))
