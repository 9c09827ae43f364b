"""The labels of one image by a recipe: the work that a runner sends out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from napari_selfseg.io import ImageFile, load_fit, open_image, read_record
from napari_selfseg.record import fingerprint
from napari_selfseg.scale._label._batch_item import Made, Piece
from napari_selfseg.scale._label._label_planes import by_planes, planes_failed
from napari_selfseg.scale._label._label_tiles import by_tiles
from napari_selfseg.scale._label._label_whole import as_a_whole
from napari_selfseg.scale._label._memory_check import fits_with_fit, fits_with_method
from napari_selfseg.scale._plan._source import Source
from napari_selfseg.scale._plan._tile_record import is_same_image
from napari_selfseg.scale._tiles._large import begun, forget

__all__ = ["make"]


def make(piece: Piece) -> Made:
    """Make the labels of an image and write them, whole or not at all.

    Parameters
    ----------
    piece : Piece
        What to do.

    Returns
    -------
    Made

    Raises
    ------
    ValueError
        When the image cannot be used; the message says why.
    OSError
        When it cannot be read, or the labels cannot be written.
    LeftError
        When it was stopped; no labels are written, but tiles that are done stay.
    """
    start = time.perf_counter()
    piece.observer.check()
    image = piece.image if isinstance(piece.image, ImageFile) else open_image(piece.image)
    made = _before(piece, image) or _way(piece, image)(piece, image)
    return made._replace(seconds=time.perf_counter() - start)


def _before(piece: Piece, image: ImageFile) -> Made | None:
    """Return what an earlier batch made of the same image; None where that is to be done."""
    if not piece.again or not piece.target.exists():
        return None
    try:
        record = read_record(piece.target)
    except ValueError:
        # Tiles that were begun have none yet.
        return None
    if not _is_same(record, image):
        return None
    forget(piece.target)
    return Made(record["n_labels"], before=True, error=planes_failed(record))


def _is_same(record: dict[str, Any], image: ImageFile) -> bool:
    if "tile" in record:
        return is_same_image(record, Source(image, image.channel_axis))
    was: dict[str, Any] = record["images"][0]
    return fingerprint(image.data, was["name"]) == was


def _way(piece: Piece, image: ImageFile) -> Callable[[Piece, ImageFile], Made]:
    """Choose how an image is done."""
    if piece.recipe.carry is not None and len(image.shape) > 2:
        return by_planes
    if piece.again and begun(piece.target) is not None:
        return by_tiles
    return as_a_whole if _fits(piece, image) else by_tiles


def _fits(piece: Piece, image: ImageFile) -> bool:
    if piece.memory is None:
        return True
    if piece.recipe.method is None:
        return fits_with_fit(image, load_fit(piece.recipe.model), piece.memory)
    how = {"device": piece.device, "precision": piece.recipe.precision}
    return fits_with_method(image, piece.recipe.method, piece.memory, **how)
