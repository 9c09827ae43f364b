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
        """Read the file and label the regions.

        Parameters
        ----------
        shape : tuple of int
            Spatial shape of the image.

        Returns
        -------
        ndarray of int32
            ``(*spatial)``, from 1.

        Raises
        ------
        OSError
            When there is no such file, or it cannot be opened.
        ValueError
            When it holds no contour strengths, or those of an image of another shape.
        """
        if not self.file:
            raise ValueError("Choose a file with contour strengths: a .mat file or an image.")
        strength = _read(self.file)
        if strength.shape == shape:
            return _regions(strength, self.threshold)
        if strength.shape == tuple(2 * n + 1 for n in shape):
            return ucm2_regions(strength, self.threshold)
        raise ValueError(
            f"{Path(self.file).name} has shape {strength.shape} and the image {shape}: choose the "
            "contour map of this image, with as many pixels or twice as many and one."
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
    eight = np.ones((3,) * ucm2.ndim, dtype=bool)
    regions, _ = ndimage.label(ucm2 <= threshold, structure=eight)
    return np.ascontiguousarray(regions[(slice(1, None, 2),) * ucm2.ndim])


def _regions(strength: NDArray[np.float64], threshold: float) -> NDArray[np.int32]:
    """Label a map whose contours are pixels, and share those out among the regions beside them."""
    # Face to face: a contour one pixel wide that runs diagonally keeps its sides apart.
    regions, n = ndimage.label(strength <= threshold)
    if n == 0:
        raise ValueError(f"No contour strength is below {threshold:g}: raise the threshold.")
    shared: NDArray[np.int32] = watershed(strength, markers=regions).astype(np.int32)
    return shared


def _read(path: str) -> NDArray[np.float64]:
    if Path(path).suffix.lower() == ".mat":
        return load_ucm2(path)
    image = read_image(path)
    if image.channel_axis is not None:
        raise ValueError(f"{Path(path).name} has colours: contour strengths are one value a pixel.")
    data = image.data
    top = np.iinfo(data.dtype).max if data.dtype.kind in "ui" else 1
    strength: NDArray[np.float64] = data.astype(np.float64) / top
    if not (strength.min() >= 0 and strength.max() <= 1):
        raise ValueError(
            f"{Path(path).name} holds values from {data.min():g} to {data.max():g}: contour "
            "strengths lie between 0 and 1."
        )
    return strength
