"""The labels of one image by a recipe: the work that a runner sends out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.catalogue import as_objects, over_segment
from napari_selfseg.io import (
    ImageFile,
    load_fit,
    read_image,
    read_record,
    write_labels,
    write_objects,
    write_preview,
)
from napari_selfseg.objects import connected
from napari_selfseg.protocol import Method, Run, evolve
from napari_selfseg.record import fingerprint
from napari_selfseg.scale._applying import applied
from napari_selfseg.scale._recipe import Recipe
from napari_selfseg.scale._segments import hierarchy_of, recorded_cut
from napari_selfseg.scale._watch import Watch

__all__ = ["Made", "Piece", "make"]


@dataclass(frozen=True)
class Piece:
    """One image of a batch, with all that a worker needs.

    Attributes
    ----------
    number : int
        Its place in the batch.
    image : pathlib.Path or ImageFile
        A file, or an image in memory.
    target, preview, table : pathlib.Path or None
        Files to write; no preview and no objects where these are None.
    recipe : Recipe
        What to do.
    again : bool
        Whether the labels that are there are of this recipe, and stay if they are of this image.
    device : str
        As for `evolve`.
    threads : int or None
        As for `evolve`.
    watch : Watch
        Who watches.
    """

    number: int
    image: Path | ImageFile
    target: Path
    preview: Path | None
    table: Path | None
    recipe: Recipe
    again: bool
    device: str
    threads: int | None
    watch: Watch


class Made(NamedTuple):
    """What became of an image.

    Attributes
    ----------
    labels : int
        How many there are.
    seconds : float
        What it took.
    before : bool
        Whether they were there before.
    """

    labels: int
    seconds: float
    before: bool = False


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
        When it was stopped; nothing is written.
    """
    began = time.perf_counter()
    piece.watch.check()
    image = piece.image if isinstance(piece.image, ImageFile) else read_image(piece.image)
    if piece.again and (before := _recorded(piece.target, image)):
        return Made(before["n_labels"], time.perf_counter() - began, before=True)
    labels, record = _labelled(piece, image)
    labels = as_objects(labels, piece.recipe.objects)
    record["recipe"] = piece.recipe.as_dict()
    if piece.recipe.objects:
        record["objects"] = piece.recipe.objects
    record["n_labels"] = len(np.unique(labels[labels > 0]))
    _write(piece, image, labels, record)
    return Made(record["n_labels"], time.perf_counter() - began)


def _recorded(target: Path, image: ImageFile) -> dict[str, Any]:
    """Return the record of the labels that are there; empty where they are of another image."""
    record = read_record(target)
    was = record["images"][0]
    return record if fingerprint(image.data, was["name"]) == was else {}


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
    labels = found.cut(n)
    return labels, recorded_cut(run, labels)


def _run(piece: Piece, image: ImageFile, method: Method) -> Run:
    run = evolve(
        image.data,
        method,
        superpixels=piece.recipe.superpixels,
        precision=piece.recipe.precision,
        device=piece.device,
        threads=piece.threads,
        **_place(image),
        name=image.name,
    )
    piece.watch.follow(piece.number, run)
    return run


def _applied(piece: Piece, image: ImageFile) -> tuple[NDArray[Any], dict[str, Any]]:
    algorithm = piece.recipe.superpixels
    voting = None if algorithm is None else over_segment(image.data, algorithm, **_place(image))[0]
    labels, record = applied(
        load_fit(piece.recipe.model),
        image.data,
        channel_axis=image.channel_axis,
        mask=image.mask,
        superpixels=voting,
        device=piece.device,
        threads=piece.threads,
        name=image.name,
    )
    record["superpixels"] = None if algorithm is None else algorithm.as_dict()
    return labels, record


def _place(image: ImageFile) -> dict[str, Any]:
    return {
        "channel_axis": image.channel_axis,
        "mask": image.mask,
        "spacing": image.spacing,
    }


def _write(piece: Piece, image: ImageFile, labels: NDArray[Any], record: dict[str, Any]) -> None:
    """Write the labels last: where they are, the image is done."""
    piece.target.parent.mkdir(parents=True, exist_ok=True)
    if piece.preview is not None:
        piece.preview.parent.mkdir(parents=True, exist_ok=True)
        write_preview(piece.preview, image.data, labels, channel_axis=image.channel_axis)
    if piece.table is not None:
        pieces = connected(labels)
        write_objects(
            piece.table,
            pieces,
            spacing=image.spacing,
            unit=image.unit,
            georeference=image.georeference,
            classes=labels,
            image=image.data,
            channel_axis=image.channel_axis,
        )
    piece.watch.check()
    write_labels(piece.target, labels, record=record, **image.place)
