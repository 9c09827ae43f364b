"""An image layer as plain values, and which part of it is meant; no Qt and no napari here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["ALL", "Area", "Box", "Index", "Origin", "Part", "Picture", "cut", "read", "shape_of"]

Index = tuple[int | slice, ...]
Box = tuple[tuple[int, int], ...]
Part = Literal["plane", "whole"]
Area = Literal["all", "tiles", "view", "rectangle"]
ALL: Final = slice(None)


@dataclass(frozen=True)
class Origin:
    """Where a layer came from.

    Attributes
    ----------
    path : str
        Its file; empty when it is not one.
    sample : tuple of str or None
        The plugin and the name of a sample; None when it is none.
    """

    path: str = ""
    sample: tuple[str, str] | None = None

    def as_record(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"path": self.path, "sample": None if self.sample is None else list(self.sample)}


@dataclass(frozen=True)
class Picture:
    """An image layer, or several whose images are the channels, as plain values.

    Attributes
    ----------
    data : tuple of array_like
        In full resolution, ``(*spatial)``; of a single layer the colours may come last.
    rgb : bool
        Whether the last axis holds colours.
    scale : tuple of float
        Physical size of a pixel along each spatial axis.
    position : tuple of int
        The pixel in view along each spatial axis.
    plane : tuple of int
        The two spatial axes on the canvas.
    view : tuple of (int, int)
        First pixel on the canvas and the one after the last, along each spatial axis.
    rectangle : tuple of (int, int) or None
        The same of a drawn rectangle; None when none is drawn.
    path : str
        File of the image; empty when it is not one.
    origins : tuple of Origin
        Where each of the layers came from; empty when nothing is known of it.
    multiscale : bool
        Whether `data` is the finest level of several.
    axes : tuple of str
        Name of each spatial axis; empty for one without.
    """

    names: tuple[str, ...]
    data: tuple[Any, ...]
    rgb: bool
    scale: tuple[float, ...]
    position: tuple[int, ...]
    plane: tuple[int, ...]
    view: Box = ()
    rectangle: Box | None = None
    path: str = ""
    origins: tuple[Origin, ...] = ()
    multiscale: bool = False
    axes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What to call it."""
        return " + ".join(self.names)

    @property
    def shape(self) -> tuple[int, ...]:
        """Spatial shape."""
        return tuple(self.data[0].shape[: len(self.scale)])

    @property
    def middle(self) -> tuple[float, ...]:
        """The pixel in the middle of the view; along axes with a slider the one in view."""
        return tuple(
            sum(self.view[axis]) / 2 if axis in self.plane and self.view else float(at)
            for axis, at in enumerate(self.position)
        )

    def reaches(self, box: Box) -> bool:
        """Say whether a box on the canvas, as `view`, has pixels of the image."""
        return all(box[axis][0] < self.shape[axis] and box[axis][1] > 0 for axis in self.plane)


def cut(picture: Picture, part: Part, area: Area = "all") -> Index:
    """Return the index, along the spatial axes, of the part of an image that is meant.

    Parameters
    ----------
    part : {"plane", "whole"}
        How much of an image with more than two axes.
    area : {"all", "tiles", "view", "rectangle"}
        How much of the plane on the canvas. All of it by tiles, too, and where no rectangle is
        drawn, or nothing of the image is on the canvas.
    """
    box = {"view": picture.view, "rectangle": picture.rectangle}.get(area)
    flat = part == "whole" or len(picture.scale) <= 2
    found: list[int | slice] = []
    for axis, n in enumerate(picture.shape):
        if axis in picture.plane and box:
            found.append(_within(box[axis], n))
        elif axis in picture.plane or flat:
            found.append(ALL)
        else:
            found.append(picture.position[axis])
    return tuple(found)


def _within(ends: tuple[int, int], n: int) -> slice:
    first, stop = max(ends[0], 0), min(ends[1], n)
    return ALL if stop <= first or (first, stop) == (0, n) else slice(first, stop)


def shape_of(shape: Sequence[int], index: Index, thin: bool = False) -> tuple[int, ...]:
    """Return the shape of a part.

    `thin` keeps axes that were cut through, one pixel long.
    """
    pairs = zip(shape, index, strict=True)
    lengths = [(len(range(*e.indices(n))) if isinstance(e, slice) else None) for n, e in pairs]
    return tuple(1 if n is None else n for n in lengths if n is not None or thin)


def read(picture: Picture, index: Index) -> NDArray[Any]:
    """Read a part of an image; slow where the data lie on a disk.

    Colours or channels are last; an alpha channel is left out.
    """
    if len(picture.data) > 1:
        return np.stack([np.asarray(each[index]) for each in picture.data], axis=-1)
    colours = (slice(3),) if picture.rgb else ()
    return np.asarray(picture.data[0][index + colours])
