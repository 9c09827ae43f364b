"""A run cut into segments, with superpixels made for that where it has none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.catalogue import PIECES, over_segment
from napari_selfseg.hierarchy import Hierarchy
from napari_selfseg.io import ImageFile
from napari_selfseg.protocol import Run

__all__ = ["hierarchy_of", "recorded_cut"]


def hierarchy_of(run: Run, image: ImageFile, mask: NDArray[np.bool_] | None = None) -> Hierarchy:
    """Return the consensus of a run on one image.

    Parameters
    ----------
    image : ImageFile
        What it ran on.
    mask : ndarray of bool, optional
        True where there are data.

    Returns
    -------
    Hierarchy
        On the superpixels of the run, or on `napari_selfseg.catalogue.PIECES`.

    Raises
    ------
    ValueError
        When the image cannot be cut into superpixels.
    """
    if run.superpixels is not None:
        return run.hierarchy()
    where: dict[str, Any] = {"channel_axis": image.channel_axis, "spacing": image.spacing}
    pieces, _ = over_segment(image.data, PIECES, mask=mask, **where)
    return run.hierarchy(superpixels=pieces)


def recorded_cut(run: Run, labels: NDArray[Any]) -> dict[str, Any]:
    """Return the record of `labels`, a cut of the `hierarchy_of` an ended run."""
    superpixels = PIECES if run.superpixels is None else None
    return run.record(n_segments=len(np.unique(labels[labels > 0])), superpixels=superpixels)
