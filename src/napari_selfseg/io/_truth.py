"""Ground truth: label pictures, and the MATLAB files of BSDS with all their annotators."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import imageio.v3 as iio
import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._images import read_image
from napari_selfseg.io._matlab import variable

__all__ = ["Annotation", "read_bsds", "read_label_image", "read_truth"]


class Annotation(NamedTuple):
    """What one person drew.

    Attributes
    ----------
    segmentation : ndarray of int
        Region of each pixel, from 1.
    boundaries : ndarray of bool
        Pixels on the borders of the regions, a pixel wide.
    """

    segmentation: NDArray[Any]
    boundaries: NDArray[np.bool_]


def read_truth(path: str | os.PathLike[str]) -> list[NDArray[Any]]:
    """Read ground truth.

    Parameters
    ----------
    path : path_like
        Labels as a TIFF or PNG file, or a ``groundTruth`` file of BSDS ending in ``.mat``.

    Returns
    -------
    list of ndarray of int
        One array an annotator.

    Raises
    ------
    OSError
        When there is no such file, or it cannot be opened.
    ValueError
        When it does not hold labels.
    """
    if Path(path).suffix.lower() == ".mat":
        return [each.segmentation for each in read_bsds(path)]
    return [read_label_image(path)]


def read_label_image(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read a picture or volume of labels.

    Parameters
    ----------
    path : path_like
        TIFF or PNG. Of a PNG with a palette the numbers are read, not the colours.

    Returns
    -------
    ndarray of int
        A plane or volume.

    Raises
    ------
    OSError
        When there is no such file, or it cannot be opened.
    ValueError
        When it is no image, or its pixels are not one whole number each.
    """
    file = Path(path)
    if file.suffix.lower() in (".jpg", ".jpeg"):
        raise ValueError(f"{file.name} is a JPEG, which alters labels: give a TIFF or PNG file.")
    image = read_image(file)
    data = _palette_numbers(file) if image.channel_axis is not None else image.data
    if data is None:
        raise ValueError(f"{file.name} has colours: labels are one whole number a pixel.")
    if data.dtype.kind not in "bui":
        raise ValueError(f"{file.name} holds {data.dtype}: labels are whole numbers.")
    return data


def _palette_numbers(file: Path) -> NDArray[Any] | None:
    if file.suffix.lower() != ".png" or iio.immeta(file, plugin="pillow").get("mode") != "P":
        return None
    return np.asarray(iio.imread(file, plugin="pillow", mode="P"))


def read_bsds(path: str | os.PathLike[str]) -> list[Annotation]:
    """Read a ``groundTruth`` file of BSDS.

    Parameters
    ----------
    path : path_like
        MATLAB file with the cells ``groundTruth``.

    Returns
    -------
    list of Annotation
        One an annotator.

    Raises
    ------
    OSError
        When there is no such file, or it cannot be opened.
    ValueError
        When it is another kind of file.
    """
    cells = variable(path, "groundTruth")
    try:
        return [
            Annotation(cell["Segmentation"][0, 0], cell["Boundaries"][0, 0].astype(bool))
            for cell in cells.ravel()
        ]
    except (IndexError, KeyError, ValueError, TypeError):
        raise ValueError(f"{Path(path).name} has no Segmentation and Boundaries.") from None
