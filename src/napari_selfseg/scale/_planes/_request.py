"""What is asked of a stack, checked: how to begin a run on planes, and to apply a fit to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.protocol import (
    Finish,
    Fit,
    Method,
    Run,
    SuperpixelAlgorithm,
    as_spacing,
    evolve,
    finished,
    outlined,
    prepare,
    resolve_device,
    resolve_precision,
    resolve_threads,
)
from napari_selfseg.scale._planes._slices import Planes

__all__ = ["StackRequest", "check_stack"]


@dataclass(frozen=True)
class StackRequest:
    """A stack, a method, and what goes with each plane.

    Attributes
    ----------
    masks : Planes or None
        True where there are data.
    superpixels : Planes, SuperpixelAlgorithm or None
        Labels, or what makes them; the method's own choice where None.
    channel_axis : int or None
        Of a plane.
    spacing : tuple of float
        Of a plane.
    how : dict
        Device, threads and precision.
    finish : Finish or None
        What the labels of each plane become.
    """

    image: Any
    planes: Planes
    method: Method
    masks: Planes | None
    superpixels: Planes | SuperpixelAlgorithm | None
    channel_axis: int | None
    spacing: tuple[float, ...]
    how: dict[str, Any]
    finish: Finish | None = None

    @property
    def numbered_anew(self) -> bool:
        """Whether a label says nothing outside of its plane: segments and objects."""
        return self.method.numbered_anew or self.finish is not None

    def run(self, planes: Sequence[int], method: Method, start: Fit | None = None) -> Run:
        """Begin a run on a plane, or one on several; only these are read.

        `method` has as many iterations as the run should have.
        """
        regions = self.superpixels
        return evolve(
            [self.planes[k] for k in planes],
            method,
            superpixels=[regions[k] for k in planes] if isinstance(regions, Planes) else regions,
            channel_axis=self.channel_axis,
            mask=None if self.masks is None else [self.masks[k] for k in planes],
            spacing=self.spacing,
            start=start,
            finish=self.finish,
            **self.how,
        )

    def usable(self, plane: int) -> bool:
        """Say whether a run could begin on a plane: it is neither constant nor has it NaN."""
        try:
            self._prepared(plane)
        except (ValueError, OSError):
            return False
        return True

    def predict(self, fit: Fit, plane: int) -> NDArray[Any]:
        """Apply a fit to a plane, with the vote, outlines and finish that close a run on it.

        ValueError when a run on that plane would refuse it.
        """
        image, valid = self._prepared(plane)
        labels = fit.predict(
            image,
            channel_axis=self.channel_axis,
            mask=valid,
            superpixels=self._regions(fit, plane, image, valid),
            device=self.how["device"],
            threads=self.how["threads"],
        )
        where: dict[str, Any] = {"channel_axis": self.channel_axis, "spacing": self.spacing}
        labels = outlined(fit, labels, image, **where)
        if self.finish is None:
            return labels
        return finished(fit, labels, image, self.finish, mask=valid, **where)

    def _prepared(self, plane: int) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """Read a plane, and refuse what a run refuses."""
        image = self.planes[plane]
        mask = None if self.masks is None else self.masks[plane]
        return image, prepare(image, self.channel_axis, self.method.ndims, mask)[1]

    def _regions(
        self, fit: Fit, plane: int, image: NDArray[Any], valid: NDArray[np.bool_] | None
    ) -> NDArray[Any] | None:
        if isinstance(self.superpixels, Planes):
            return self.superpixels[plane]
        algorithm = self.superpixels or self.method.default_superpixels()
        if algorithm is None:
            return None
        first = image[np.newaxis] if self.channel_axis is None else np.moveaxis(image, -1, 0)
        scaled = np.moveaxis(fit.scaling(first, valid), 0, -1)
        return algorithm(scaled, spacing=self.spacing, mask=valid)


def check_stack(
    image: Any,
    method: Method,
    *,
    axis: int | Sequence[int],
    channel_axis: int | None,
    mask: Any,
    superpixels: Any,
    spacing: Sequence[float] | None,
    how: dict[str, Any],
    finish: Finish | None = None,
) -> StackRequest:
    """Check what holds for all planes, before any of them is read.

    `how` is device, threads and precision; all else is as in `over_stack`. ValueError says what to
    do.
    """
    if finish is not None:
        finish.check()
    planes = Planes(image, axis, channel_axis)
    _check_planes(planes, method, axis)
    resolve_precision(how["precision"], resolve_device(how["device"]))
    resolve_threads(how["threads"])
    if superpixels is not None and method.default_superpixels() is None:
        raise ValueError(f"{method.title} uses no superpixels as it is set: leave them out.")
    made = superpixels is None or callable(superpixels)
    spaced = as_spacing(spacing, len(planes.whole))
    return StackRequest(
        image=image,
        planes=planes,
        method=method,
        masks=None if mask is None else _beside(mask, planes, axis, "mask"),
        superpixels=superpixels if made else _beside(superpixels, planes, axis, "superpixels"),
        channel_axis=None if channel_axis is None else -1,
        spacing=planes.rest(spaced),
        how=how,
        finish=finish,
    )


def _check_planes(planes: Planes, method: Method, axis: int | Sequence[int]) -> None:
    if not len(planes) or 0 in planes.spatial:
        raise ValueError(f"The stack is empty: its shape is {planes.whole}.")
    if len(planes.spatial) not in method.ndims:
        allowed = " or ".join(map(str, method.ndims))
        raise ValueError(
            f"Along axis {axis} of a stack of shape {planes.whole}, what remains has "
            f"{len(planes.spatial)} axes, and {method.title} takes {allowed}: name other axes."
        )


def _beside(given: Any, planes: Planes, axis: int | Sequence[int], what: str) -> Planes:
    found = given if hasattr(given, "shape") else np.asarray(given)
    if tuple(found.shape) != planes.whole:
        raise ValueError(
            f"The {what} of shape {tuple(found.shape)} and the stack of shape {planes.whole} "
            "differ: make them equal."
        )
    return Planes(found, axis)
