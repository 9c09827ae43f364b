"""One image to be labelled with all that a worker needs, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from napari_selfseg.io import ImageFile
from napari_selfseg.scale._label._observer import Observer
from napari_selfseg.scale._recipe._recipe import Recipe

__all__ = ["LabelResult", "LabelTask", "as_input"]


@dataclass(frozen=True)
class LabelTask:
    """One image to be labelled, with all that a worker needs.

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
        Whether what is there is of this recipe, and stays if it is of this image.
    memory : int or None
        Bytes that a run may take; an image that needs more goes tile by tile.
    device : str
        As for `evolve`.
    threads : int or None
        As for `evolve`.
    observer : Observer
        Who watches.
    """

    number: int
    image: Path | ImageFile
    target: Path
    preview: Path | None
    table: Path | None
    recipe: Recipe
    again: bool
    memory: int | None
    device: str
    threads: int | None
    observer: Observer


class LabelResult(NamedTuple):
    """What became of an image.

    Attributes
    ----------
    labels : int
        How many there are.
    seconds : float
        What it took.
    before : bool
        Whether they were there before.
    error : str
        What of it failed, in a sentence; empty when nothing did.
    """

    labels: int
    seconds: float = 0.0
    before: bool = False
    error: str = ""


def as_input(image: ImageFile) -> dict[str, Any]:
    """Return what a run has to know of a file beside its pixels.

    Parameters
    ----------
    image : ImageFile
        The file.

    Returns
    -------
    dict
        Options of `evolve`, `over_stack` and `over_segment`.
    """
    return {
        "channel_axis": image.channel_axis,
        "mask": image.seen(),
        "spacing": image.spacing,
    }
