"""Labels of any method finished as objects: a record of what is wanted, and what does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from napari_selfseg.instances._finishing._of_segments import found_in_segments
from napari_selfseg.instances._finishing._sizes import NONE, as_size, within
from napari_selfseg.instances._grey import DARK, Contrast
from napari_selfseg.instances._plausible import Limits
from napari_selfseg.instances._seen import Seen, Wanted
from napari_selfseg.parameters import parameter
from napari_selfseg.protocol import Finish, prepare

__all__ = ["FINISHES", "AsObjects", "objects_of_segments"]

_NO_UNIT: Final = (
    "A size of {size} needs the size of a pixel: give a number of pixels, or what in_pixels makes "
    "of it with spacing and unit."
)


class AsObjects(Finish):
    """Objects on one background, out of segments or classes.

    Which segments are background is read off the image; touching objects are told apart, holes
    filled, and outlines moved to where the image is steepest. Objects of a method that finds them
    itself (`Objects`) are only limited in size.
    """

    name: ClassVar[str] = "objects"
    title: ClassVar[str] = "Objects"

    contrast: Contrast = parameter(
        "automatic", "Whether objects are brighter or darker than what is around them."
    )
    channel: int = parameter(
        0, "Channel that tells objects, from 1; 0 finds one.", minimum=0, maximum=1000
    )
    smallest: int | str = parameter(
        NONE,
        "Least size of an object: pixels, or an area or volume such as 20um2; 0 is any.",
        words="Smallest object",
    )
    largest: int | str = parameter(
        NONE,
        "Largest size of an object, as the least one; 0 is any.",
        words="Largest object",
    )
    divide: bool = parameter(True, "Tell touching objects apart.", words="Divide touching objects")
    at_border: bool = parameter(
        True,
        "Keep objects that the border of the image cuts.",
        words="Keep objects at the border",
    )

    @field_validator("smallest", "largest", mode="before")
    @classmethod
    def _read(cls, given: Any) -> int | str:
        return as_size(given)

    @property
    def unlimited(self) -> AsObjects:
        """The same with every object kept: what it finds, limits can be moved on."""
        found: AsObjects = self.replace(smallest=NONE, largest=NONE, at_border=True)
        return found

    def check(self) -> None:
        """Refuse sizes in a unit: what runs knows pixels."""
        for size in (self.smallest, self.largest):
            if isinstance(size, str):
                raise ValueError(_NO_UNIT.format(size=size))

    def __call__(
        self,
        labels: NDArray[np.integer[Any]],
        image: NDArray[np.float32],
        *,
        valid: NDArray[np.bool_] | None,
        spacing: tuple[float, ...],
        instances: bool,
    ) -> NDArray[Any]:
        """See `Finish`; 0 is what is no object."""
        self.check()
        if instances:
            return self.limited(labels)
        sizes = np.asarray(spacing, np.float64)
        relative = np.asarray(sizes / np.exp(np.log(sizes).mean()), np.float64)
        dark = None if self.contrast == "automatic" else self.contrast == DARK
        wanted = Wanted(self.channel, dark, Limits(), self.divide, True)
        found = found_in_segments(labels, Seen(image, valid, relative), wanted)
        return self.limited(_narrow(found))

    def limited(self, objects: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Remove objects beyond the limits; the others keep their numbers."""
        self.check()
        smallest, largest = int(self.smallest), int(self.largest)
        return within(objects, smallest, largest, at_border=self.at_border)


# All that a record may name.
FINISHES: Final[tuple[type[Finish], ...]] = (AsObjects,)


def objects_of_segments(
    labels: NDArray[np.integer[Any]],
    image: NDArray[Any],
    wanted: AsObjects | None = None,
    *,
    channel_axis: int | None = None,
    mask: NDArray[np.bool_] | None = None,
    spacing: Sequence[float] | None = None,
) -> NDArray[Any]:
    """Turn segments or classes, made by whatever, into objects on one background.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)`` segments or classes from 1; 0 where there are no data.
    image : ndarray
        ``(*spatial)`` of two or three axes, with channels along `channel_axis`, of any type.
    wanted : AsObjects, optional
        What is wanted; its defaults otherwise.
    channel_axis : int, optional
        Axis of the channels; None when there is none.
    mask : ndarray of bool, optional
        ``(*spatial)`` True where there are data.
    spacing : sequence of float, optional
        Physical size of a pixel along each spatial axis; ones by default.

    Returns
    -------
    ndarray of uint8, uint16 or uint32
        ``(*spatial)`` objects from 1; 0 of the background and where there are no data. Numbers
        have gaps where objects are beyond the limits.

    Raises
    ------
    ValueError
        When the arrays do not fit together, or a size is in a unit.
    """
    scaled, valid, spaced = prepare(image, channel_axis, (2, 3), mask, spacing)
    if np.shape(labels) != scaled.shape[1:]:
        raise ValueError(
            f"The labels of shape {np.shape(labels)} do not cover the image of "
            f"{scaled.shape[1:]}: give labels of that image."
        )
    finish = wanted or AsObjects()
    return finish(np.asarray(labels), scaled, valid=valid, spacing=spaced, instances=False)


def _narrow(labels: NDArray[np.int32]) -> NDArray[Any]:
    """Return labels in the smallest type that a viewer is fast with."""
    return labels.astype(np.min_scalar_type(int(labels.max(initial=0))))
