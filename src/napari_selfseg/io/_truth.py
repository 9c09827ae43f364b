"""Ground truth: label pictures, and the MATLAB files of BSDS with all their annotators."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._images import read_numbers
from napari_selfseg.io._matlab import variable
from napari_selfseg.io._vector._annotations import ANNOTATIONS, read_annotations
from napari_selfseg.io.formats import format_of, names_of, readable

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


def read_truth(
    path: str | os.PathLike[str], shape: Sequence[int] | None = None
) -> list[NDArray[Any]]:
    """Read ground truth.

    Parameters
    ----------
    path : path_like
        Labels as a TIFF or PNG file; a ``groundTruth`` file of BSDS ending in ``.mat``; annotations
        of QuPath ending in ``.geojson``, each of which gets a number of its own.
    shape : sequence of int, optional
        Of the image, which annotations do not tell.

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
    if shape is not None and Path(path).suffix.lower() in ANNOTATIONS:
        return [read_annotations(path, shape, by="object").labels]
    return [read_label_image(path)]


def read_label_image(
    path: str | os.PathLike[str], shape: Sequence[int] | None = None
) -> NDArray[Any]:
    """Read a picture or volume of labels.

    Parameters
    ----------
    path : path_like
        TIFF, PNG or OME-Zarr. With a palette the numbers are read, not the colours; grey levels
        of few bits as they are stored. Or annotations of QuPath ending in ``.geojson``, numbered by
        class.
    shape : sequence of int, optional
        Of the image, which annotations do not tell.

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
    if shape is not None and file.suffix.lower() in ANNOTATIONS:
        return read_annotations(file, shape).labels
    found = format_of(file)
    if found is not None and not found.exact:
        raise ValueError(
            f"{file.name} is a {found.name}, which alters labels: give a "
            f"{names_of([each for each in readable() if each.exact])} file."
        )
    image = read_numbers(file)
    data = image.data if image.channel_axis is None else _grey(image.data, file.name)
    return _whole_numbers(data, file.name) if data.dtype.kind == "f" else _labels(data, file.name)


def _grey(data: NDArray[Any], name: str) -> NDArray[Any]:
    """Take one of three channels that are all alike."""
    first: NDArray[Any] = data[..., 0]
    if not (data == first[..., np.newaxis]).all():
        raise ValueError(
            f"{name} has colours, and labels are one whole number a pixel: save it with a palette "
            "(indexed colours), whose numbers are read, or as grey levels."
        )
    return first


def _whole_numbers(data: NDArray[Any], name: str) -> NDArray[Any]:
    # Up to 2**24 a number of 32 bits is a whole one, which some programs store labels in.
    if not (np.abs(data) <= 2**24).all() or (data != np.trunc(data)).any():
        return _labels(data, name)
    return data.astype(np.int32)


def _labels(data: NDArray[Any], name: str) -> NDArray[Any]:
    if data.dtype.kind not in "bui":
        raise ValueError(f"{name} holds {data.dtype}: labels are whole numbers.")
    return data


def read_bsds(path: str | os.PathLike[str]) -> list[Annotation]:
    """Read a ``groundTruth`` file of BSDS, a MATLAB file: an annotation an annotator.

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
