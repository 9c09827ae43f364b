"""Labels of a stack on disk, to be written a plane at a time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from napari_selfseg.io import ImageFile, create_labels, has_room_for_place
from napari_selfseg.protocol import Method
from napari_selfseg.scale._planes._stack_labels import stack_dtype

__all__ = ["stack_room"]


def stack_room(path: str | os.PathLike[str], image: ImageFile, method: Method, carry: str) -> Any:
    """Make the empty labels of a stack, a chunk a plane.

    Parameters
    ----------
    path : path_like
        OME-Zarr to write, ending in ``.zarr``.
    image : ImageFile
        The stack.
    method : Method
        What makes the labels.
    carry : {"independent", "warm", "joint"}
        As for `over_stack`.

    Returns
    -------
    zarr.Array
        For `over_stack` to write into; `finish_labels` adds the record.

    Raises
    ------
    ValueError
        When the ending is another one.
    OSError
        When it cannot be written.
    """
    has_room_for_place(Path(path), image.place["axes"], image.georeference)
    place = {key: value for key, value in image.place.items() if key != "georeference"}
    return create_labels(
        path,
        image.shape,
        dtype=stack_dtype(method, carry),
        chunks=(1,) * (len(image.shape) - 2) + image.shape[-2:],
        **place,
    )
