"""Objects as ROIs of ImageJ, which its ROI Manager opens over the image."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._palette import class_colour
from napari_selfseg.io._vector._drawn import Drawn
from napari_selfseg.io._vector._outlines import Rings
from napari_selfseg.io._writing._atomic import atomic_file

__all__ = ["write_rois"]

# Of a path: go to, draw a line to, close.
MOVE, LINE, CLOSE = 0.0, 1.0, 4.0
GROUPS: Final = 255
# The largest coordinate that a traced selection keeps in whole numbers.
FARTHEST: Final = 60_535
GET_ROIFILE: Final = 'pip install "napari-selfseg[imagej]"'


def write_rois(target: Path, drawn: Drawn) -> None:
    """Write one ROI an object into an archive, as the ROI Manager of ImageJ saves them.

    Coordinates are corners of pixels. An object of one piece without holes is a traced selection,
    any other a composite one. A class is a group, and its colour that of the outline.

    Raises
    ------
    ValueError
        When roifile is not installed.
    OSError
        When it cannot be written; nothing is left behind.
    """
    try:
        import roifile
    except ImportError:
        raise ValueError(f"ROIs are written by roifile: {GET_ROIFILE}.") from None
    numbers = drawn.columns["index"].tolist()
    classes = drawn.columns["class"].tolist() if "class" in drawn.columns else [0] * len(numbers)
    width = len(str(max(numbers, default=0)))
    with atomic_file(target) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for pieces, number, kind in zip(drawn.pieces, numbers, classes, strict=True):
            name = f"{number:0{width}}"
            roi = _roi(roifile, pieces, name)
            if kind:
                roi.group = kind if kind <= GROUPS else 0
                roi.stroke_color = bytes((255, *class_colour(kind)))
            archive.writestr(f"{name}.roi", roi.tobytes())


def _roi(roifile: Any, pieces: Sequence[Rings], name: str) -> Any:
    rings = [ring for rings in pieces for ring in rings]
    if len(rings) == 1:
        return _traced(roifile, rings[0][:-1], name)
    path = np.concatenate([_path(ring) for ring in rings]).astype(np.float32)
    corners = np.concatenate(rings)
    left, top, right, bottom = _box(corners)
    found = roifile.ImagejRoi()
    found.roitype, found.name = roifile.ROI_TYPE.RECT, name
    found.left, found.top, found.right, found.bottom = left, top, right, bottom
    found.multi_coordinates, found.shape_roi_size = path, len(path)
    return found


def _traced(roifile: Any, corners: NDArray[np.float64], name: str) -> Any:
    left, top, right, bottom = _box(corners)
    if max(right, bottom) > FARTHEST:
        found = roifile.ImagejRoi.frompoints(corners.astype(np.int32), name=name)
        found.roitype = roifile.ROI_TYPE.TRACED
        return found
    options = roifile.ROI_OPTIONS
    # As roifile does it, without what it asks of each array, which takes as long as all else.
    return roifile.ImagejRoi(
        roitype=roifile.ROI_TYPE.TRACED,
        options=options.OVERLAY_BACKGROUNDS | options.OVERLAY_LABELS,
        name=name,
        left=left,
        top=top,
        right=right + 1,
        bottom=bottom + 1,
        n_coordinates=len(corners),
        integer_coordinates=corners.astype(np.int32) - (left, top),
    )


def _box(corners: NDArray[np.float64]) -> list[int]:
    """Return least x and y, and largest."""
    ends = np.concatenate((corners.min(axis=0), corners.max(axis=0)))
    return list(ends.astype(int).tolist())


def _path(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a closed ring as a path of Java."""
    steps = np.full((len(ring) - 1, 3), LINE)
    steps[0, 0] = MOVE
    steps[:, 1:] = ring[:-1]
    return np.append(steps.ravel(), CLOSE)
