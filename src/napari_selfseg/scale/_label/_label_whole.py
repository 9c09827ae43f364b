"""An image of a batch that is done as a whole, in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.catalogue import over_segment
from napari_selfseg.io import ImageFile, load_fit, read_image
from napari_selfseg.protocol import Method, Run, evolve
from napari_selfseg.scale._label._batch_item import Made, Piece, as_input
from napari_selfseg.scale._label._label_files import written
from napari_selfseg.scale._segments import hierarchy_of, recorded_cut
from napari_selfseg.scale._training._apply_fit import applied

__all__ = ["as_a_whole"]


def as_a_whole(piece: Piece, image: ImageFile) -> Made:
    """Make the labels of an image in memory.

    Parameters
    ----------
    piece : Piece
        What to do.
    image : ImageFile
        As it was opened.

    Returns
    -------
    Made
    """
    if not isinstance(piece.image, ImageFile) and not isinstance(image.data, np.ndarray):
        image = read_image(piece.image)
    labels, record = _labelled(piece, image)
    return written(piece, image, labels, record)


def _labelled(piece: Piece, image: ImageFile) -> tuple[NDArray[Any], dict[str, Any]]:
    if piece.recipe.method is None:
        return _applied(piece, image)
    run = _run(piece, image, piece.recipe.method)
    wanted = piece.recipe.segments
    if wanted is None:
        return run.labels(), run.record()
    found = hierarchy_of(run, image, image.mask)
    # Another image may have fewer superpixels: then it gets as many segments as there can be.
    tree = found.tree
    n = None if wanted == "auto" else min(max(wanted, tree.fewest), tree.most)
    labels = run.outlined(found.cut(n))
    return labels, recorded_cut(run, labels)


def _run(piece: Piece, image: ImageFile, method: Method) -> Run:
    run = evolve(
        image.data,
        method,
        superpixels=piece.recipe.superpixels,
        precision=piece.recipe.precision,
        device=piece.device,
        threads=piece.threads,
        **as_input(image),
        name=image.name,
    )
    piece.observer.follow(piece.number, run)
    return run


def _applied(piece: Piece, image: ImageFile) -> tuple[NDArray[Any], dict[str, Any]]:
    algorithm = piece.recipe.superpixels
    voting = None if algorithm is None else over_segment(image.data, algorithm, **as_input(image))
    labels, record = applied(
        load_fit(piece.recipe.model),
        image.data,
        channel_axis=image.channel_axis,
        mask=image.seen(),
        superpixels=None if voting is None else voting[0],
        spacing=image.spacing,
        device=piece.device,
        threads=piece.threads,
        name=image.name,
    )
    record["superpixels"] = None if algorithm is None else algorithm.as_dict()
    return labels, record
