"""Many images, one recipe: results as they come, and a table of what became of each."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from napari_selfseg.io import ImageFile, address_of, alone
from napari_selfseg.pictures.cards import Card
from napari_selfseg.protocol import changed_parameters
from napari_selfseg.scale._batch._sources import (
    PREVIEWS,
    BatchImage,
    places_in,
    sources,
    targets_of,
)
from napari_selfseg.scale._batch._table import Entry, in_words, table_of, write_table
from napari_selfseg.scale._label._label import do_task
from napari_selfseg.scale._label._observer import Observer
from napari_selfseg.scale._label._resume import RECIPE, left_earlier
from napari_selfseg.scale._label._task import LabelFiles, LabelResult, LabelTask
from napari_selfseg.scale._recipe._recipe import Recipe
from napari_selfseg.scale._runners import Outcome, Runner, SerialRunner
from napari_selfseg.work import Progress, StopRelay, Work, WorkStep, seeing, told

__all__ = ["Batch"]

TABLE: Final = "batch.csv"
Seen = Callable[[int, WorkStep], None]


class Batch(Work[Entry]):
    """Do with many images what a recipe says; iterate for an entry an image as they come.

    The labels of each image are written as soon as they are made, whole or not at all, with their
    record and the size of a pixel. After every image the table ``batch.csv`` is written anew; an
    image that cannot be used stops nothing. Whatever ends a batch, `resume` does what is left.

    Parameters
    ----------
    images : sequence of path_like or ImageFile
        Files, folders, patterns such as ``"data/**/*.tif"``, and images in memory.
    recipe : Recipe
        What to do.
    folder : path_like
        Of the results; made where missing.
    resume : bool
        Leave labels that are there as they are, and go on with tiles, if they are of this recipe
        and of an image that is still the same.
    preview : bool
        Whether to write a picture of each result as well, into ``previews``.
    suffix : {".tif", ".ome.zarr"}
        Ending of the labels.
    into_image : str, optional
        Write labels of this name into the images themselves, which are OME-Zarr (`labels_in`), and
        into the folder only what goes with them.
    objects : {".csv", ".geojson", ".qupath.geojson", ".gpkg", ".zip"}, optional
        Ending of the objects, written beside the labels of each image.
    memory : int, optional
        Bytes that a run may take. An image that would need more is never read whole: what is
        learned from samples of it, or the model, labels it tile by tile.
    runner : Runner
        Where the work is done: here, in processes, or on a cluster whose workers see the files
        under the same names.
    seen : callable, optional
        Called with the place of the image at hand in `entries` and every step: of its run, of its
        stack, or of its tiles. Work that is done elsewhere is not seen.
    device : str
        As for `evolve`.
    threads : int, optional
        As for `evolve`, for each image.

    Attributes
    ----------
    recipe : Recipe
        As given.
    folder : pathlib.Path
        Of the results.

    Raises
    ------
    ValueError
        When there are no images, two have one name, the model cannot be used, or the folder holds
        labels already which are of another recipe, or which nobody asked to resume.
    OSError
        When nothing can be written there, or another process is filling the folder.
    """

    def __init__(
        self,
        images: Sequence[str | os.PathLike[str] | ImageFile],
        recipe: Recipe,
        folder: str | os.PathLike[str],
        *,
        resume: bool = False,
        preview: bool = False,
        suffix: str = ".tif",
        into_image: str | None = None,
        objects: str | None = None,
        memory: int | None = None,
        runner: Runner | None = None,
        seen: Seen | None = None,
        device: str = "auto",
        threads: int | None = None,
    ) -> None:
        self.recipe, self.folder = recipe, Path(folder)
        self._runner = runner or SerialRunner()
        self._relay = StopRelay()
        found = sources(images, self.folder)
        targets = (
            targets_of(found, self.folder, suffix) if objects or preview or not into_image else []
        )
        targets = places_in(found, into_image) if into_image else targets
        there = left_earlier(targets, recipe, self.folder, resume)
        self._entries = [Entry(e.title, target) for e, target in zip(found, targets, strict=True)]
        self._tasks = [
            LabelTask(
                number=k,
                image=_elsewhere(each),
                files=LabelFiles(
                    target.absolute(),
                    self._preview(each) if preview else None,
                    self._table(each, objects) if objects else None,
                ),
                recipe=recipe,
                again=target in there,
                memory=memory,
                device=device,
                threads=threads,
                observer=Observer(seeing(seen and partial(seen, k)), self._relay),
            )
            for k, (each, target) in enumerate(zip(found, targets, strict=True))
        ]
        self._work = self._done()

    def __next__(self) -> Entry:
        """Wait for the next image that is done or failed."""
        return next(self._work)

    def stop(self) -> None:
        """Ask to end soon; from any thread. The image at hand is left; its done tiles stay."""
        self._relay.abandon()

    def close(self) -> None:
        """End now; from the thread that iterates."""
        self._work.close()

    @property
    def progress(self) -> Progress:
        """How many images are done, or failed."""
        ended = sum(each.state != "left" for each in self._entries)
        return Progress("image", ended, len(self._entries))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What became of each image so far, in their order."""
        return tuple(self._entries)

    @property
    def complete(self) -> bool:
        """Whether all images are done, and all planes of stacks."""
        return all(each.state == "done" and not each.error for each in self._entries)

    @property
    def table(self) -> Path:
        """The file with the table."""
        return self.folder / TABLE

    @property
    def summary(self) -> str:
        """How many are done, failed and left, and where that is written."""
        return f"{in_words(self._entries)}, see {self.table}."

    def card(self) -> Card:
        """Say what a notebook shows: what became of each image, the last ones of many."""
        rows = [("Recipe", _in_short(self.recipe)), ("Results", str(self.folder))]
        card = Card("Batch", rows, **told(self), table=table_of(self._entries))
        ended = self.progress.done == self.progress.total
        return dataclasses.replace(card, note=self.summary, bar=None if ended else card.bar)

    def _done(self) -> Generator[Entry, None, None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with alone(self.folder / TABLE, *self._files()):
            yield from self._made()

    def _made(self) -> Generator[Entry, None, None]:
        self.recipe.save(self.folder / RECIPE)
        write_table(self._entries, self.table)
        outcomes = self._runner(do_task, self._tasks)
        try:
            for outcome in outcomes:
                # An image whose work was ended on request is left, and has not failed.
                if self._relay.asked and outcome.error:
                    return
                yield self._entered(outcome)
                if self._relay.asked:
                    return
        finally:
            if isinstance(outcomes, Generator):
                outcomes.close()

    def _files(self) -> Iterator[Path]:
        """Return all files to come."""
        for task in self._tasks:
            yield from (task.files.labels, *task.files.others)

    def _entered(self, outcome: Outcome) -> Entry:
        number: int = outcome.piece.number
        entry = self._entries[number]
        if outcome.error:
            entry = dataclasses.replace(entry, state="failed", error=outcome.error)
        else:
            made = cast(LabelResult, outcome.result)
            entry = dataclasses.replace(
                entry,
                state="done",
                error=made.error,
                labels=made.labels,
                seconds=made.seconds,
                before=made.before,
            )
        self._entries[number] = entry
        write_table(self._entries, self.table)
        return entry

    def _preview(self, source: BatchImage) -> Path:
        return (self.folder / PREVIEWS / f"{source.name}.png").absolute()

    def _table(self, source: BatchImage, suffix: str) -> Path:
        return (self.folder / f"{source.name}{suffix}").absolute()


def _in_short(recipe: Recipe) -> str:
    if recipe.method is None:
        return f"the model {recipe.model}"
    return f"{recipe.method.title}, {changed_parameters(recipe.method)}"


def _elsewhere(source: BatchImage) -> Any:
    """Return an image as a worker finds it, whatever folder it runs in."""
    image = source.image
    return image if isinstance(image, ImageFile) or address_of(image) else image.absolute()
