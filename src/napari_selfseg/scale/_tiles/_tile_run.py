"""All tiles of a large image, on any runner, resumed where they were left."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from napari_selfseg.io import (
    atomic_file,
    finish_labels,
    open_labels,
    open_levels,
    sweep,
    sweep_chunks,
)
from napari_selfseg.pictures.cards import Card
from napari_selfseg.protocol import Progress, Work, pictured, told
from napari_selfseg.scale._plan._identity import check_begin
from napari_selfseg.scale._plan._in_blocks import PIECES
from napari_selfseg.scale._plan._ledger import Ledger
from napari_selfseg.scale._plan._plan import FINISHED, Plan
from napari_selfseg.scale._plan._tile_record import ACROSS, tile_record
from napari_selfseg.scale._runners import Runner, SerialRunner
from napari_selfseg.scale._tiles._combining import HOMES, WINNERS, combine_tiles
from napari_selfseg.scale._tiles._joining import across_seams
from napari_selfseg.scale._tiles._tile_pass import TileStep, pause, work_through

__all__ = ["TileRun"]

# What tiles have left for later passes.
_BULKY = (
    PIECES,
    *("faces", "votes", "numbers", "blocks", "ids", "compared"),
    *("found", "met", "kept"),
)


class TileRun(Work[TileStep]):
    """Label a large image tile by tile; iterate it to advance.

    Each tile is written once, by the worker that predicts it, and marked as done after that; so
    whatever is killed, a later run on the same plan does what is left and nothing twice. Several
    processes may work through one plan: a tile that one is at is left alone by the others.

    Parameters
    ----------
    plan : Plan
        What to do.
    runner : Runner, optional
        Where; in this process by default.
    share : tuple of int, optional
        Only predict, and only this part of so many, where several machines share the tiles; what
        comes after is done by a run without.
    viewed : callable, optional
        Returns a pixel, along each spatial axis: the tile nearest to it comes next. It is asked
        before each tile by a runner that does one after the other, and otherwise at the begin.

    Raises
    ------
    FailedTiles
        When tiles failed although they were tried again; the others stay done.
    ValueError
        When the image has changed since it was planned.
    """

    def __init__(
        self,
        plan: Plan,
        runner: Runner | None = None,
        *,
        share: tuple[int, int] | None = None,
        viewed: Callable[[], Sequence[float]] | None = None,
    ) -> None:
        self.plan = plan
        self._share, self._viewed = share, viewed
        self._runner = runner or SerialRunner()
        self._ledger = Ledger(plan.work)
        self._stopped = threading.Event()
        self._work: Generator[TileStep] = self._through()

    def __next__(self) -> TileStep:
        """Wait for a tile."""
        return next(self._work)

    def stop(self) -> None:
        """Ask to end after the tiles at work, which are always finished; from any thread."""
        self._stopped.set()

    def close(self) -> None:
        """End now; from the thread that iterates."""
        self._work.close()

    @property
    def stopped(self) -> bool:
        """Whether it was asked to stop."""
        return self._stopped.is_set()

    @property
    def finished(self) -> bool:
        """Whether everything is done."""
        return self.plan.beside(FINISHED).exists()

    @property
    def progress(self) -> Progress:
        """How many tiles are labelled."""
        return Progress("tile", self.done, len(self.plan.grid))

    @property
    def done(self) -> int:
        """Tiles that are labelled."""
        return len(self._ledger.done(self.plan.passes[-1]))

    @property
    def begun(self) -> bool:
        """Whether anything is done, by this run or an earlier one."""
        return bool(self._ledger.done(self.plan.passes[0]))

    def card(self) -> Card:
        """Say what a notebook shows; the labels once all tiles are done, as coarse as they come."""
        size = " x ".join(map(str, self.plan.shape))
        name = Path(self.plan.source.name).name
        rows = [("Image", f"{name}, {size}".removeprefix(", ")), ("Labels", self.plan.labels)]
        if not self.finished:
            return Card("Tile by tile", rows, **told(self))
        coarsest = open_levels(self.plan.labels)[-1]
        volume = len(coarsest.shape) == 3
        plane = coarsest[coarsest.shape[0] // 2] if volume else coarsest[...]
        picture = pictured(np.asarray(plane), None)
        return Card("Tile by tile", rows, picture, f"All {len(self.plan.grid)} tiles are done.")

    def _through(self) -> Generator[TileStep]:
        if self.finished:
            _clean(self.plan)
            return
        _sweep(self.plan)
        first, step = self._share or (0, 1)
        check_begin(self.plan, range(first, len(self.plan.grid), step))
        self._ledger.log(f"Begins, or goes on, with {', '.join(self.plan.passes)}.")
        if self._share is not None:
            # Later passes need what all tiles have found, and one machine knows only its share.
            yield from work_through(
                self.plan, self.plan.passes[0], self._runner, self._stopped, self._share
            )
            return
        for name in self.plan.passes:
            yield from work_through(
                self.plan, name, self._runner, self._stopped, viewed=self._viewed
            )
            self._when_free(partial(combine_tiles, self.plan, name))
            if self._stopped.is_set():
                self._ledger.log("Stopped when asked.")
                return
        self._when_free(self._finish)

    def _when_free(self, work: Callable[[], None]) -> None:
        """Do what is for one process alone, unless another has done all of it meanwhile."""
        while not self._stopped.is_set():
            with self._ledger.claim_all() as held:
                if held:
                    if not self.finished:
                        work()
                    return
            pause(self._stopped)

    def _finish(self) -> None:
        if self.plan.numbered:
            across = across_seams(open_labels(self.plan.labels), self.plan.grid)
            with atomic_file(self.plan.beside(ACROSS)) as part:
                part.write_text(str(across))
        finish_labels(self.plan.labels, record=tile_record(self.plan))
        sweep_chunks(self.plan.labels)
        self.plan.beside(FINISHED).touch()
        self._ledger.log("Finished.")
        _clean(self.plan)


def _sweep(plan: Plan) -> None:
    """Remove what killed processes have left of files that they were writing."""
    work, done = plan.beside(), plan.beside("done")
    for folder in (work, *work.iterdir(), *(done.iterdir() if done.is_dir() else ())):
        sweep(folder)


def _clean(plan: Plan) -> None:
    """Remove what nobody needs any more: only once it is marked that all is done."""
    # A tree is cut again from these.
    kept = (PIECES, "ids") if plan.blockwise else ()
    for bulky in (each for each in _BULKY if each not in kept):
        shutil.rmtree(plan.beside(bulky), ignore_errors=True)
    for small in (WINNERS, HOMES):
        plan.beside(small).unlink(missing_ok=True)
    for claim in (*plan.beside("done").glob("*/*.claim"), *plan.beside().glob("*.claim")):
        with contextlib.suppress(OSError):
            claim.unlink()
