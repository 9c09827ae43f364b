"""What every superpixel algorithm promises: an image in, contiguous connected labels out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.labelmaps import split
from napari_selfseg.parameters import Parameters
from napari_selfseg.remedies import NAN, OTHER_ALGORITHM

__all__ = ["Findings", "Superpixels", "filled", "prepared"]

# What an algorithm has found out about an image on its way, by name.
Findings = Mapping[str, NDArray[Any]]

# A pixel so many times as long along one axis as along another has no neighbour along it that is
# near; longer ones change nothing but the numbers, which then leave their range.
_LONGEST = 1e4


class Superpixels(Parameters, ABC):
    """Parameters of an algorithm that cuts an image into small connected regions.

    A subclass declares its parameters and writes `over_segment`, nothing else.

    Attributes
    ----------
    name, title : str
        As in `Parameters`.
    ndims : tuple of int
        Numbers of spatial axes the algorithm works on.
    connectivity : int
        Every superpixel is connected in this sense of `skimage.measure.label`: 1 is face to face.
    in_blocks : bool
        Whether a large image is cut in blocks, whose places depend on no mask.
    """

    ndims: ClassVar[tuple[int, ...]]
    connectivity: ClassVar[int]
    in_blocks: ClassVar[bool] = False

    @final
    def __call__(
        self,
        image: NDArray[Any],
        *,
        spacing: Sequence[float] | None = None,
        mask: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.int32]:
        """Cut an image into superpixels.

        Parameters
        ----------
        image : ndarray of float
            ``(*spatial, C)`` scaled to 0..1. Three channels are taken as RGB.
        spacing : sequence of float, optional
            Physical pixel size along each spatial axis; only the ratios count. Ones by default.
        mask : ndarray of bool, optional
            ``(*spatial)``, True where there is data. What the image holds elsewhere is not read.

        Returns
        -------
        ndarray of int32
            ``(*spatial)`` contiguous from 1; 0 exactly where the mask is False.

        Raises
        ------
        ValueError
            When image, spacing and mask do not fit together or the algorithm; the message is a
            sentence that says what to do. When the algorithm returns what are no labels.
        """
        return self.with_findings(image, spacing=spacing, mask=mask)[0]

    @final
    def with_findings(
        self,
        image: NDArray[Any],
        *,
        spacing: Sequence[float] | None = None,
        mask: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.int32], Findings]:
        """Cut an image into superpixels, and tell what was found out about it on the way.

        Parameters
        ----------
        image, spacing, mask
            As when an algorithm is called.

        Returns
        -------
        labels : ndarray of int32
            As when an algorithm is called.
        findings : mapping of str to ndarray
            Of `over_segment_with_findings`.

        Raises
        ------
        ValueError
            As when an algorithm is called.
        """
        self._check_axes(image)
        data, steps, inside, box = prepared(image, spacing, mask, cropped=not self.in_blocks)
        pieces, findings = self.over_segment_with_findings(data, steps, inside[box])
        # The shift keeps pixels that the algorithm left at 0 apart from those without data.
        found = np.where(inside[box], self._checked(pieces, data.shape[:-1]) + 1, 0)
        labels = np.zeros(inside.shape, dtype=np.int32)
        labels[box] = split(found, self.connectivity)
        return labels, findings

    @abstractmethod
    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """Label every pixel; connected pieces and contiguous numbers are the caller's work.

        Parameters
        ----------
        image : ndarray of float32
            ``(*spatial, C)`` finite everywhere, cropped to the mask's bounding box.
        spacing : ndarray of float64
            ``(ndim,)`` pixel sizes relative to the smallest, 10 000 at most.
        mask : ndarray of bool
            ``(*spatial)``, True somewhere; elsewhere the image repeats the nearest data.

        Returns
        -------
        ndarray of int
            ``(*spatial)``, not negative. Pixels left at 0 become superpixels of their own pieces,
            and labels outside the mask are dropped.
        """

    def over_segment_with_findings(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], Findings]:
        """Do `over_segment`, and tell what of it a method can use: nothing, unless overridden.

        Parameters
        ----------
        image, spacing, mask
            As for `over_segment`.

        Returns
        -------
        labels : ndarray of int
            As from `over_segment`.
        findings : mapping of str to ndarray
            Of any image that is given without pixel sizes, and without a mask.
        """
        return self.over_segment(image, spacing, mask), {}

    @property
    def bytes_a_pixel(self) -> int:
        """Memory it takes while it works, as it was measured on Linux."""
        return 160

    def work(self, pixels: int) -> float:
        """Say how an image of so many pixels compares with others in time, in any unit.

        Parameters
        ----------
        pixels : int
            Of the image.

        Returns
        -------
        float
            In proportion to the pixels, unless overridden.
        """
        return float(pixels)

    def _checked(self, pieces: Any, shape: tuple[int, ...]) -> NDArray[Any]:
        """Refuse what are no labels, and widen those that have no room for one more."""
        found = np.asarray(pieces)
        wrong = ""
        if found.shape != shape:
            wrong = f"labels of shape {found.shape}"
        elif found.dtype.kind not in "bui":
            wrong = f"labels of {found.dtype}"
        elif found.min() < 0:
            wrong = f"the label {found.min()}"
        if wrong:
            raise ValueError(
                f"{self.title} ({self.name}) returned {wrong}, and superpixels are whole numbers, "
                f"not negative, of the image's shape {shape}: correct its over_segment."
            )
        return found if found.dtype.itemsize >= np.intc().itemsize else found.astype(np.intc)

    def _check_axes(self, image: NDArray[Any]) -> None:
        ndim = image.ndim - 1
        if ndim not in self.ndims:
            works = " and ".join(f"{each}-D" for each in self.ndims)
            raise ValueError(
                f"{self.title} works on {works} images, not on {ndim}-D ones: {OTHER_ALGORITHM}."
            )
        if not image.size:
            raise ValueError(f"The image is empty (shape {image.shape}): choose one with pixels.")


def prepared(
    image: NDArray[Any],
    spacing: Sequence[float] | None,
    mask: NDArray[np.bool_] | None,
    *,
    cropped: bool = True,
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_], tuple[slice, ...]]:
    """Check what `Superpixels` are called with, and bring it to what `over_segment` takes.

    Parameters
    ----------
    image, spacing, mask
        Of `Superpixels`.
    cropped : bool
        Whether to leave out what is beyond the bounding box of the mask.

    Returns
    -------
    data : ndarray of float32
        The image in the bounding box of the mask, finite everywhere.
    steps : ndarray of float64
        Relative pixel sizes.
    inside : ndarray of bool
        The mask, of the shape of the image.
    box : tuple of slice
        The bounding box.
    """
    inside = _checked_mask(mask, image.shape[:-1])
    steps = _checked_spacing(spacing, image.ndim - 1)
    box = (slice(None),) * inside.ndim
    if cropped:
        box = ndimage.find_objects(inside.astype(np.uint8))[0]
    return filled(np.asarray(image[box], dtype=np.float32), inside[box]), steps, inside, box


def _checked_mask(mask: NDArray[np.bool_] | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    if mask is None:
        return np.ones(shape, dtype=bool)
    if np.shape(mask) != shape:
        raise ValueError(
            f"The mask has shape {np.shape(mask)} and the image {shape}: "
            "give one mask value a pixel, without a channel axis."
        )
    inside = np.asarray(mask, dtype=bool)
    if not inside.any():
        raise ValueError("The mask is False everywhere: mark the pixels that hold data as True.")
    return inside


def _checked_spacing(spacing: Sequence[float] | None, ndim: int) -> NDArray[np.float64]:
    steps = np.ones(ndim) if spacing is None else np.asarray(spacing, dtype=np.float64)
    if steps.shape != (ndim,) or not (np.isfinite(steps).all() and (steps > 0).all()):
        raise ValueError(
            f"The spacing must be {ndim} positive numbers, one a spatial axis, not {spacing!r}."
        )
    with np.errstate(over="ignore"):
        relative: NDArray[np.float64] = np.minimum(steps / steps.min(), _LONGEST)
    return relative


def filled(image: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Repeat the nearest data where there are none.

    Parameters
    ----------
    image : ndarray of float32
        ``(*spatial, C)``.
    inside : ndarray of bool
        ``(*spatial)``, True where there are data, and somewhere.

    Raises
    ------
    ValueError
        When the data are not finite.
    """
    if not np.isfinite(image[inside]).all():
        raise ValueError(f"The image holds NaN or infinite values: {NAN}.")
    if inside.all():
        return image
    nearest = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    found: NDArray[np.float32] = image[tuple(nearest)]
    return found
