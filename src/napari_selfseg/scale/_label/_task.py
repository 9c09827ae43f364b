"""One image to be labelled with all that a worker needs, and what became of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

from napari_selfseg.io import (
    OBJECTS,
    ImageFile,
    Opacity,
    check_labels_target,
    check_target,
    image_of_labels,
    of_channels,
    open_image,
)
from napari_selfseg.protocol import Fit
from napari_selfseg.scale._label._observer import Observer
from napari_selfseg.scale._label._way import Way
from napari_selfseg.scale._recipe._recipe import Recipe
from napari_selfseg.scale._runners import Runner

__all__ = ["Given", "LabelFiles", "LabelResult", "LabelTask", "Tiling", "as_input"]

FilePath = str | os.PathLike[str]


class LabelFiles(NamedTuple):
    """The files of one image, written together or not at all, the labels last.

    Attributes
    ----------
    labels : pathlib.Path
        Where they are, the image is done.
    preview, objects, fit : pathlib.Path or None
        A picture, a table or polygons, and what was learned; None where nobody asked.
    table : pathlib.Path or None
        A table in the image, of labels in the same image.
    """

    labels: Path
    preview: Path | None = None
    objects: Path | None = None
    fit: Path | None = None
    table: Path | None = None

    @classmethod
    def checked(
        cls,
        labels: FilePath,
        preview: FilePath | None = None,
        objects: FilePath | None = None,
        fit: FilePath | None = None,
        table: FilePath | None = None,
    ) -> Self:
        """Refuse names that cannot be written, before any work is done for them.

        `table` is from `table_in`.

        Raises
        ------
        ValueError
            When an ending is another one, or a table is of labels that are not in its image.
        OSError
            When nothing can be written there.
        """
        return cls(
            check_labels_target(labels),
            None if preview is None else check_target(preview, (".png",)),
            None if objects is None else check_target(objects, OBJECTS),
            None if fit is None else check_target(fit, (".safetensors",)),
            None if table is None else _checked_table(Path(table), Path(labels)),
        )

    def check_apart(self, image: FilePath) -> None:
        """Refuse to write over the image, which would be lost.

        Raises
        ------
        ValueError
            When one of the files is the image.
        """
        source = Path(image)
        for each in (self.labels, *self.others):
            if each.exists() and source.exists() and each.samefile(source):
                raise ValueError(f"{each} is the image, which would be lost: name another file.")

    @property
    def others(self) -> tuple[Path, ...]:
        """All that are written beside the labels."""
        return tuple(path for path in self[1:] if path is not None)


def _checked_table(table: Path, labels: Path) -> Path:
    if image_of_labels(labels) != table.absolute().parents[1]:
        raise ValueError(
            f"The table {table.name} is of labels in the same image: write them there "
            "(--into-image), or write the table to a file (--objects)."
        )
    return table


class Given(NamedTuple):
    """What belongs to one image alone, and so to no recipe.

    Attributes
    ----------
    mask : array_like of bool or None
        Where there are data; None for what the file says.
    scribbles : array_like of int or None
        Classes from 1 where somebody drew.
    superpixels : SuperpixelAlgorithm, array_like of int or None
        In place of those of the recipe.
    """

    mask: Any = None
    scribbles: Any = None
    superpixels: Any = None


Prepare = Callable[[ImageFile, Way], Given]


@dataclass(frozen=True)
class Tiling:
    """How an image is taken apart.

    Attributes
    ----------
    tile : int or None
        Side of a tile in pixels; as large as memory allows by default.
    memory : int or None
        Bytes that any process may take in all; what is free by default.
    votes : path_like or None
        Superpixels of the whole image in a file; each gets one label.
    samples, sample_size : int or None
        How many samples are learned from, and their side in pixels; what suits the method by
        default.
    threads : int or None
        CPU threads of a process that does tiles, where the task does not say.
    runner : Runner or None
        Where tiles are done; in this process by default.
    """

    tile: int | None = None
    memory: int | None = None
    votes: FilePath | None = None
    samples: int | None = None
    sample_size: int | None = None
    threads: int | None = None
    runner: Runner | None = None


@dataclass(frozen=True, kw_only=True)
class LabelTask:
    """One image to be labelled, with all that a worker needs.

    Attributes
    ----------
    image : pathlib.Path or ImageFile
        A file, or an image in memory.
    files : LabelFiles
        What to write.
    recipe : Recipe
        What to do.
    number : int
        Its place in a batch.
    by_recipe : bool
        Whether the labels are known by their recipe: it is in their record, and they are whole or
        not there. Otherwise planes that are done stay in a file that is not finished.
    again : bool
        Whether labels that are there stay. Known by their recipe, they are of this one, and are
        made anew for another image; otherwise another image, method or model is refused.
    memory : int or None
        Bytes that a run may take; an image that needs more goes tile by tile.
    tiling : Tiling or None
        Tile by tile, and how; None takes tiles only where memory does not suffice.
    opacity : {"mask", "channel"}
        As for `open_image`.
    simplify : float
        In pixels, how far outlines of objects in a file are simplified.
    fit : Fit or None
        The model of the recipe, where it is open already.
    prepare : callable or None
        Called with the image as it was opened, and with the way that was chosen, before any work;
        returns `Given`, or refuses.
    device : str
        As for `evolve`.
    threads : int or None
        As for `evolve`.
    observer : Observer
        Who watches.
    """

    image: Path | ImageFile
    files: LabelFiles
    recipe: Recipe
    number: int = 0
    by_recipe: bool = True
    again: bool = False
    memory: int | None = None
    tiling: Tiling | None = None
    opacity: Opacity = "mask"
    simplify: float = 0.0
    fit: Fit | None = None
    prepare: Prepare | None = None
    device: str = "auto"
    threads: int | None = None
    observer: Observer = field(default_factory=Observer)

    @property
    def reading(self) -> dict[str, Any]:
        """How the image is read, as options of `open_image` and `read_image`."""
        return {"opacity": self.opacity, "channels": self.recipe.channels}

    def opened(self) -> ImageFile:
        """Open the image; what `open_image` raises it raises as well."""
        if isinstance(self.image, ImageFile):
            return of_channels(self.image, self.recipe.channels)
        return open_image(self.image, **self.reading)

    def recorded(self, record: dict[str, Any], n_labels: int) -> dict[str, Any]:
        """Add to the record of labels what is known here alone, such as how many there are."""
        if self.opacity == "channel":
            record["opacity"] = "channel"
        if self.recipe.channels:
            record["channels"] = list(self.recipe.channels)
        if self.by_recipe:
            record |= {"recipe": self.recipe.as_dict(), "n_labels": n_labels}
        return record


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
    across : int or None
        How many objects a seam between tiles goes through; None where that was not counted.
    """

    labels: int
    seconds: float = 0.0
    before: bool = False
    error: str = ""
    across: int | None = None


def as_input(image: ImageFile, mask: Any = None) -> dict[str, Any]:
    """Return what a run has to know of a file beside its pixels, as options of `evolve`.

    A mask counts in place of what the file says.
    """
    return {
        "channel_axis": image.channel_axis,
        "mask": image.seen() if mask is None else mask,
        "spacing": image.spacing,
    }
