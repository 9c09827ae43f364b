"""What a batch writes for an image: labels, objects and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.catalogue import as_objects
from napari_selfseg.io import (
    ImageFile,
    write_labels,
    write_objects,
    write_preview,
    written_together,
)
from napari_selfseg.objects import connected
from napari_selfseg.scale._label._batch_item import Made, Piece
from napari_selfseg.scale._plan._source import Source

__all__ = ["draw", "written"]

# Longest side of the picture of a large image.
SIDE: Final = 1024


def written(
    piece: Piece, image: ImageFile, labels: NDArray[Any], record: dict[str, Any], error: str = ""
) -> Made:
    """Write labels that are in memory, and what goes with them.

    Parameters
    ----------
    piece : Piece
        Which files.
    image : ImageFile
        Of which they are.
    labels : ndarray of int
        Before objects are made of them.
    record : dict
        How they were made.
    error : str
        What of it failed.

    Returns
    -------
    Made
    """
    labels = as_objects(labels, piece.recipe.objects)
    record["recipe"] = piece.recipe.as_dict()
    if piece.recipe.objects:
        record["objects"] = piece.recipe.objects
    record["n_labels"] = len(np.unique(labels[labels > 0]))
    _write(piece, image, labels, record)
    return Made(record["n_labels"], error=error)


def draw(path: Path, image: ImageFile, labels: Any, *, side: int | None = None) -> None:
    """Write a picture of labels over their image; of more than a plane the middle one is shown.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is made where missing.
    image : ImageFile
        Which may lie on a disk.
    labels : array_like of int
        Which may lie on a disk as well.
    side : int, optional
        Of a larger plane take only every second pixel, or third and so on, to be no longer.
    """
    shape = image.shape
    step = 1 if side is None else -(-max(shape[-2:]) // side)
    box = [slice(n // 2, n // 2 + 1) for n in shape[:-2]] + [slice(None, None, step)] * 2
    seen, _ = Source(image, image.channel_axis).read(box, 2)
    shown = np.asarray(labels[tuple(box)]).reshape(seen.shape[:2])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_preview(path, seen, shown, channel_axis=None if image.channel_axis is None else -1)


def _write(piece: Piece, image: ImageFile, labels: NDArray[Any], record: dict[str, Any]) -> None:
    """Write all or nothing, the labels last: where they are, the image is done."""
    others = [path for path in (piece.preview, piece.table) if path is not None]
    for path in (*others, piece.target):
        path.parent.mkdir(parents=True, exist_ok=True)
    with written_together(*others, piece.target, size=labels.nbytes) as places:
        at = dict(zip((*others, piece.target), places, strict=True))
        _write_each(piece, image, labels, record, at)


def _write_each(
    piece: Piece,
    image: ImageFile,
    labels: NDArray[Any],
    record: dict[str, Any],
    at: dict[Path, Path],
) -> None:
    if piece.preview is not None:
        draw(at[piece.preview], image, labels)
    if piece.table is not None:
        write_objects(
            at[piece.table],
            connected(labels),
            **image.measure,
            georeference=image.georeference,
            classes=labels,
            image=np.asarray(image.data),
            channel_axis=image.channel_axis,
        )
    piece.observer.check()
    write_labels(at[piece.target], labels, record=record, **image.place)
