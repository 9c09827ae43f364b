"""Files of contour strengths, and the regions between strong contours as superpixels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from napari_selfseg.io._images import read_image
from napari_selfseg.io._matlab import variable
from napari_selfseg.parameters import Parameters, parameter

__all__ = ["ContourMap", "load_ucm2", "ucm2_regions"]


class ContourMap(Parameters):
    """Superpixels of a file: the regions between contours stronger than a threshold."""

    name: ClassVar[str] = "contour_map"
    title: ClassVar[str] = "Contour map"

    file: str = parameter(
        "",
        "Contour strengths of this image, 0 to 1: a MATLAB file with ucm2, as gPb-owt-ucm and MCG "
        "write it, or an image of as many pixels.",
        path=True,
    )
    threshold: float = parameter(
        0.1,
        "Contours no stronger than this are left out: higher gives fewer and larger superpixels.",
        minimum=0,
        maximum=1,
    )

    def regions(self, shape: tuple[int, ...]) -> NDArray[np.int32]:
        """Read the file and label the regions, from 1, of an image of this spatial shape.

        Raises
        ------
        OSError
            When there is no such file, or it cannot be opened.
        ValueError
            When it holds no contour strengths, or those of an image of another shape.
        """
        # As it is pasted: with the quotation marks that Windows puts around a path, or a home.
        file = Path(self.file.strip().strip("\"'")).expanduser()
        if file == Path():
            raise ValueError("Choose a file with contour strengths: a .mat file or an image.")
        strength = _read(file)
        if strength.shape == shape:
            # Face to face: a contour one pixel wide that runs diagonally keeps its sides apart.
            return _shared_out(strength, self.threshold, connectivity=1)
        if strength.shape == tuple(2 * n + 1 for n in shape):
            return _sampled(_shared_out(strength, self.threshold, connectivity=len(shape)))
        raise ValueError(
            f"{file.name} has shape {strength.shape} and the image {shape}: choose the contour map "
            "of this image, with as many pixels or twice as many and one."
        )


def load_ucm2(path: str | os.PathLike[str]) -> NDArray[np.float64]:
    """Read an ultrametric contour map at twice the resolution.

    Parameters
    ----------
    path : path_like
        MATLAB file with the variable ``ucm2``.

    Returns
    -------
    ndarray of float64
        ``(2 h + 1, 2 w + 1)`` strength of the contours, 0 to 1.

    Raises
    ------
    OSError
        When there is no such file, or it cannot be opened.
    ValueError
        When it is another kind of file.
    """
    return np.asarray(variable(path, "ucm2"), dtype=np.float64)


def ucm2_regions(ucm2: NDArray[np.floating[Any]], threshold: float) -> NDArray[np.int32]:
    """Return the regions between contours stronger than a threshold.

    Parameters
    ----------
    ucm2 : ndarray of float
        From `load_ucm2`.
    threshold : float
        Weaker contours, and those as strong, are left out.

    Returns
    -------
    ndarray of int32
        ``(h, w)``, regions from 1; 0 where the map is stronger inside a pixel, which
        an ultrametric one never is.

    References
    ----------
    Arbelaez, Maire, Fowlkes and Malik, PAMI 2011, doi:10.1109/TPAMI.2010.161.
    """
    return _sampled(_labelled(ucm2 <= threshold, connectivity=ucm2.ndim))


def _shared_out(
    strength: NDArray[np.float64], threshold: float, connectivity: int
) -> NDArray[np.int32]:
    """Label a map, and share the strong contours out among the regions beside them."""
    weak = strength <= threshold
    if not weak.any():
        raise ValueError(f"No contour strength is below {threshold:g}: raise the threshold.")
    if weak.all():
        raise ValueError(f"No contour is stronger than {threshold:g}: lower the threshold.")
    regions = _labelled(weak, connectivity)
    shared: NDArray[np.int32] = watershed(strength, markers=regions).astype(np.int32)
    return shared


def _labelled(weak: NDArray[np.bool_], connectivity: int) -> NDArray[np.int32]:
    structure = ndimage.generate_binary_structure(weak.ndim, connectivity)
    regions: NDArray[np.int32] = ndimage.label(weak, structure=structure)[0]
    return regions


def _sampled(regions: NDArray[np.int32]) -> NDArray[np.int32]:
    """Take the pixels out of a map that also has what lies between them."""
    # A map of pixels, edges and corners has its pixels at the odd places.
    return np.ascontiguousarray(regions[(slice(1, None, 2),) * regions.ndim])


def _read(file: Path) -> NDArray[np.float64]:
    if file.suffix.lower() == ".mat":
        return _strengths(variable(file, "ucm2"), file.name)
    image = read_image(file)
    if image.channel_axis is not None:
        raise ValueError(f"{file.name} has colours: contour strengths are one value a pixel.")
    return _strengths(image.data, file.name)


def _strengths(data: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Scale to 0..1; whole numbers are grey levels, or 1 on a contour and 0 elsewhere."""
    if data.dtype.kind not in "buif" or not data.size:
        raise ValueError(f"{name} holds no numbers: contour strengths lie between 0 and 1.")
    low, high = data.min(), data.max()
    top = np.iinfo(data.dtype).max if data.dtype.kind in "ui" and high > 1 else 1
    if not 0 <= low <= high <= top:
        raise ValueError(
            f"{name} holds values from {low:g} to {high:g}: contour strengths lie between 0 and 1."
        )
    strengths: NDArray[np.float64] = data.astype(np.float64) / top
    return strengths
