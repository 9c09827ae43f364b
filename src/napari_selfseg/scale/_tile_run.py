"""All tiles of a large image, on any runner, resumed where they were left."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from napari_selfseg.io import finish_labels
from napari_selfseg.scale._joining import joined
from napari_selfseg.scale._ledger import Ledger
from napari_selfseg.scale._plan import Plan
from napari_selfseg.scale._runners import Outcome, Runner, SerialRunner
from napari_selfseg.scale._tile_record import tile_record
from napari_selfseg.scale._tile_work import PIECES, loaded, read_face, work_on
from napari_selfseg.scale._voting import Votes, winners

__all__ = ["TileProgress", "TileRun", "work_through"]

# How often a tile is done that fails; a disk or a network may come back.
TRIES = 2
NAMES = {"predict": "Predicting", "vote": "Voting", "number": "Numbering objects"}


@dataclass(frozen=True)
class TileProgress:
    """How far it is.

    Attributes
    ----------
    name : str
        What is being done, for a person.
    number : int
        Of the tile that was done last.
    done, total : int
        Tiles of this pass.
    seconds_left : float
        At the pace so far, of this pass.
    """

    name: str
    number: int
    done: int
    total: int
    seconds_left: float


class TileRun(Iterator[TileProgress]):
    """Label a large image tile by tile; iterate it to advance.

    Each tile is written once, by the worker that predicts it, and marked as done after that; so
    whatever is killed, a later run on the same plan does what is left and nothing twice.

    Parameters
    ----------
    plan : Plan
        What to do.
    runner : Runner, optional
        Where; in this process by default.
    share : tuple of int, optional
        Only predict, and only this part of so many, where several machines share the tiles; what
        comes after is done by a run without.

    Raises
    ------
    ValueError
        When tiles failed although they were tried again; the others stay done.
    """

    def __init__(
        self, plan: Plan, runner: Runner | None = None, *, share: tuple[int, int] | None = None
    ) -> None:
        self.plan = plan
        self._share = share
        self._runner = runner or SerialRunner()
        self._ledger = Ledger(plan.work)
        self._stopped = threading.Event()
        self._work: Generator[TileProgress] = self._through()

    def __iter__(self) -> TileRun:
        return self

    def __next__(self) -> TileProgress:
        """Wait for a tile.

        Returns
        -------
        TileProgress
        """
        return next(self._work)

    def finish(self) -> TileRun:
        """Do all that is left.

        Returns
        -------
        TileRun
            Itself.
        """
        for _ in self:
            pass
        return self

    def stop(self) -> None:
        """Ask to end after the tiles at work; from any thread. What is done stays done."""
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
        return self.plan.beside("finished").exists()

    def _through(self) -> Generator[TileProgress]:
        if self.finished:
            return
        self._ledger.log(f"Begins, or goes on, with {', '.join(self.plan.passes)}.")
        if self._share is not None:
            yield from work_through(self.plan, "predict", self._runner, self._stopped, self._share)
            return
        for name in self.plan.passes:
            yield from work_through(self.plan, name, self._runner, self._stopped)
            if self._stopped.is_set():
                self._ledger.log("Stopped when asked.")
                return
            _between(self.plan, name)
        finish_labels(self.plan.labels, record=tile_record(self.plan))
        for bulky in (PIECES, "faces", "votes", "numbers"):
            shutil.rmtree(self.plan.beside(bulky), ignore_errors=True)
        self.plan.beside("finished").touch()
        self._ledger.log("Finished.")


def work_through(
    plan: Plan,
    name: str,
    runner: Runner,
    stopped: threading.Event,
    share: tuple[int, int] = (0, 1),
) -> Generator[TileProgress]:
    """Do a pass with all tiles that are left of it.

    Parameters
    ----------
    plan : Plan
        What to do.
    name : str
        The pass.
    runner : Runner
        Where.
    stopped : threading.Event
        Set to end.
    share : tuple of int
        Which part of how many to do, where several share the tiles.

    Yields
    ------
    TileProgress

    Raises
    ------
    ValueError
        When tiles failed although they were tried again.
    """
    ledger, part = Ledger(plan.work), range(share[0], len(plan.grid), share[1])
    ledger.prepare(name)
    failed: dict[int, str] = {}
    for _ in range(TRIES):
        known = ledger.done(name)
        left = [number for number in part if number not in known]
        if not left:
            return
        ledger.log(f"{name}: {len(part) - len(left)} of {len(part)} tiles were done before.")
        failed = yield from _attempt(plan, name, runner, stopped, left, len(part))
        if stopped.is_set():
            return
    if failed:
        number, sentence = next(iter(failed.items()))
        raise ValueError(
            f"{len(failed)} of {len(plan.grid)} tiles failed, tile {number} with: {sentence} "
            "The others are done; mend this and go on (--resume)."
        )


def _attempt(
    plan: Plan,
    name: str,
    runner: Runner,
    stopped: threading.Event,
    left: list[int],
    total: int,
) -> Generator[TileProgress, None, dict[int, str]]:
    """Do these tiles once; return why some failed."""
    ledger, start, failed = Ledger(plan.work), time.monotonic(), dict[int, str]()
    outcomes = runner(work_on, [(plan, name, number) for number in left])
    # Closed here, and not when it is collected: what is not begun must not begin.
    with contextlib.closing(cast(Generator[Outcome], outcomes)):
        for count, outcome in enumerate(outcomes, 1):
            number = outcome.piece[2]
            if outcome.error:
                failed[number] = outcome.error
                ledger.log(f"{name}: tile {number} failed: {outcome.error}")
            else:
                by, seconds = outcome.result["by"], outcome.result["seconds"]
                ledger.log(f"{name}: tile {number} done by {by} in {seconds} s.")
            done = total - len(left) + count - len(failed)
            pace = (time.monotonic() - start) / count
            yield TileProgress(NAMES[name], number, done, total, pace * (len(left) - count))
            if stopped.is_set():
                break
    return failed


def _between(plan: Plan, name: str) -> None:
    """Bring together what the tiles of a pass have found."""
    tiles = range(len(plan.grid))
    if name == "predict" and plan.superpixels is not None:
        votes = (Votes(*loaded(plan, "votes", n, *Votes._fields)) for n in tiles)
        names, classes = winners(votes)
        np.savez(plan.beside("winners.npz"), superpixels=names, classes=classes)
    last = "vote" if plan.superpixels is not None else "predict"
    if name == last and plan.objects is not None:
        sizes = [loaded(plan, "faces", n, "sizes")[0] for n in tiles]
        faces = (
            (a, read_face(plan, a, axis, True), b, read_face(plan, b, axis, False))
            for axis, a, b in plan.grid.faces()
        )
        numbers = joined(sizes, faces, minimum_size=plan.objects)
        plan.beside("numbers").mkdir(exist_ok=True)
        for number, found in enumerate(numbers):
            np.save(plan.beside("numbers", f"{number}.npy"), found)
