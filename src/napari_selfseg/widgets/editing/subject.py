"""The labels that are corrected: of a run, or of a stack that is in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.colours.standing_off import ALL_HUES, Hues
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.canvas.looks.described import look_at
from napari_selfseg.widgets.large.stack_arrays import stack_arrays
from napari_selfseg.widgets.model.request import Request

if TYPE_CHECKING:
    from napari_selfseg.editing import Evidence

__all__ = ["Subject"]

Point = tuple[int, ...]

ON_DISK: Final = (
    "Labels of {name} lie on a disk and not in memory, so they cannot be corrected here."
)


@dataclass(frozen=True)
class Subject:
    """Labels of a layer that can be corrected.

    Attributes
    ----------
    layer : napari.layers.Labels
        With the labels of the part.
    request : Request
        The run they are of.
    note : callable
        Called with the corrections there are, as a record has them.
    held : dict
        Of what is left of the run: what is kept with it.
    objects : bool
        Whether the labels are objects on a background.
    hues : tuple of float
        Those that stand off the image.
    """

    layer: Any
    request: Request
    note: Callable[[Sequence[Mapping[str, Any]]], None]
    held: dict[str, Any]
    objects: bool
    hues: Hues = ALL_HUES

    @property
    def axes(self) -> tuple[int, ...]:
        """Axes of the part along which each index is an image of its own."""
        return tuple(self.request.along.axes)

    @property
    def record(self) -> Mapping[str, Any]:
        """How the labels were made."""
        found: Mapping[str, Any] = self.layer.metadata.get(METADATA) or {}
        return found

    def array(self) -> NDArray[Any]:
        """Return the labels of the part, to write into.

        Raises
        ------
        ValueError
            When they are not in memory.
        """
        data = self.layer.data
        if self.layer.multiscale or not isinstance(data, np.ndarray):
            raise ValueError(ON_DISK.format(name=self.layer.name))
        return data.reshape(self.request.shape)

    def evidence(self) -> Evidence:
        """Return the image as the record has it."""
        from napari_selfseg.editing import Evidence

        request = self.request
        if request.stack is not None:
            given = stack_arrays(request)
        else:
            # What the run took as data; superpixels of a person may have said it.
            given = {**request.arrays(), "mask": None}
            mask = self.record.get("mask")
            if mask is not None and mask[0] is not None:
                given["mask"] = _unpacked(mask[0])
        return Evidence(
            given["image"],
            **{key: given[key] for key in ("channel_axis", "mask", "spacing")},
        )

    def pixel(self, position: Sequence[float]) -> Point:
        """Return the pixel of the part at a place of the world."""
        place = np.round(self.layer.world_to_data(position))
        pairs = zip(place, self.request.index, strict=True)
        return tuple(int(at) for at, each in pairs if isinstance(each, slice))

    def in_layer(self, point: Sequence[float]) -> tuple[float, ...]:
        """Return a pixel of the part as one of the layer, which is thin where it was cut out."""
        inside = iter(point)
        return tuple(next(inside) if isinstance(e, slice) else 0 for e in self.request.index)

    def across(self, dims: Any) -> int | None:
        """Return the axis of the part that one looks along; None in a plane."""
        shown = {axis - (dims.ndim - self.layer.ndim) for axis in dims.order[-2:]}
        whole = [k for k, each in enumerate(self.request.index) if isinstance(each, slice)]
        hidden = [part for part, axis in enumerate(whole) if axis not in shown]
        hidden = [part for part in hidden if part not in self.axes]
        return hidden[-1] if hidden else None

    def frame(self, dims: Any) -> tuple[int | slice, ...]:
        """Return the image of the stack that is in view; all of it where it is none."""
        here = self.pixel(dims.point)
        shape = self.request.shape
        return tuple(
            min(max(here[axis], 0), n - 1) if axis in self.axes else slice(None)
            for axis, n in enumerate(shape)
        )

    def look_at(self, viewer: Any, point: Sequence[float]) -> None:
        """Centre the view on a place of the part, in pixels."""
        look_at(viewer, self.layer, self.in_layer(point))


def _unpacked(mask: Any) -> Any:
    from napari_selfseg.record import unpack

    return mask if isinstance(mask, np.ndarray) else unpack(mask)
