"""Going over the tiles that are left: nearest to the view first, tried again where they fail."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from napari_selfseg.io import RemoteError
from napari_selfseg.protocol import Grid, Progress
from napari_selfseg.scale._plan._ledger import Ledger
from napari_selfseg.scale._plan._plan import Plan
from napari_selfseg.scale._runners import Outcome, Runner
from napari_selfseg.scale._tiles._tile_work import work_on

__all__ = ["FailedTiles", "TileStep", "nearest_first", "pause", "work_through"]

# How often a tile is done that fails; a disk or a network may come back.
TRIES = 2
# Seconds until it is looked again whether others are through with their tiles.
MOMENT = 0.1
NAMES = {
    "predict": "Predicting",
    "vote": "Voting",
    "cut": "Cutting superpixels",
    "compare": "Comparing superpixels",
    "number": "Numbering",
    "find": "Finding objects",
    "meet": "Comparing objects",
    "paint": "Numbering objects",
}


@dataclass(frozen=True)
class TileStep:
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

    @property
    def progress(self) -> Progress:
        """How far the tiles are."""
        return Progress("tile", self.done, self.total)


class FailedTiles(ValueError):  # noqa: N818 - what it holds
    """Tiles failed although they were tried again; the others stay done.

    `failed` has the reasons, by tile; `total` counts all tiles.
    """

    def __init__(self, failed: dict[int, str], total: int) -> None:
        number, sentence = next(iter(failed.items()))
        super().__init__(
            f"{len(failed)} of {total} tiles failed, tile {number} with: {sentence} "
            "The others are done; mend this and resume."
        )
        self.failed, self.total = failed, total


def work_through(
    plan: Plan,
    name: str,
    runner: Runner,
    stopped: threading.Event,
    share: tuple[int, int] = (0, 1),
    viewed: Callable[[], Sequence[float]] | None = None,
) -> Generator[TileStep]:
    """Do a pass with all tiles that are left of it.

    `share` says which part of how many to do, where several machines share the tiles; `viewed` is
    that of `TileRun`.

    Raises
    ------
    FailedTiles
        When tiles failed although they were tried again.
    """
    ledger, part = Ledger(plan.work), range(share[0], len(plan.grid), share[1])
    ledger.prepare(name)
    tries, before = 0, None
    while left := _left(ledger, name, part):
        if before is None:
            before = len(part) - len(left)
            ledger.log(f"{name}: {before} of {len(part)} tiles were done before.")
        numbers = left if viewed is None else nearest_first(plan.grid, left, viewed)
        tasks = ((plan, name, number) for number in numbers)
        failed = yield from _attempt(plan, runner(work_on, tasks), stopped, len(left), len(part))
        if stopped.is_set():
            return
        tries += bool(failed)
        if tries == TRIES:
            raise FailedTiles(failed, len(plan.grid))
        if not failed and _left(ledger, name, part):
            # Others are at these: wait for them, or for their end.
            pause(stopped)


def pause(stopped: threading.Event) -> None:
    """Wait a little for other processes, unless asked to stop.

    It does not use the event's own `wait`: a signal handler that sets the event in the middle of it
    would hang.
    """
    for _ in range(5):
        if stopped.is_set():
            return
        time.sleep(MOMENT)


def _left(ledger: Ledger, name: str, part: range) -> list[int]:
    known = ledger.done(name)
    return [number for number in part if number not in known]


def _attempt(
    plan: Plan, outcomes: Iterator[Outcome], stopped: threading.Event, left: int, total: int
) -> Generator[TileStep, None, dict[int, str]]:
    """Do these tiles once, but for those that others are at; return why some failed."""
    ledger, start, failed, done = Ledger(plan.work), time.monotonic(), dict[int, str](), 0
    # Closed here, and not when it is collected: what is not begun must not begin.
    with contextlib.closing(cast(Generator[Outcome], outcomes)):
        for count, outcome in enumerate(outcomes, 1):
            _, name, number = outcome.piece
            if outcome.error:
                failed[number] = outcome.error
            done += outcome.result is not None
            _log(ledger, outcome)
            if outcome.remote:
                # Each further tile would wait for it as long, and be marked as failed.
                raise RemoteError(
                    f"{outcome.error} {total - left + done} of {total} tiles are done and "
                    "stay: resume."
                )
            if outcome.error or outcome.result is not None:
                pace = (time.monotonic() - start) / count
                yield TileStep(
                    NAMES[name], number, total - left + done, total, pace * (left - count)
                )
            if stopped.is_set():
                break
    return failed


def _log(ledger: Ledger, outcome: Outcome) -> None:
    _, name, number = outcome.piece
    if outcome.error:
        ledger.log(f"{name}: tile {number} failed: {outcome.error}")
    elif outcome.result is not None and "before" not in outcome.result:
        by, seconds = outcome.result["by"], outcome.result["seconds"]
        ledger.log(f"{name}: tile {number} done by {by} in {seconds} s.")


def nearest_first(
    grid: Grid, numbers: Sequence[int], viewed: Callable[[], Sequence[float]]
) -> Iterator[int]:
    """Yield tiles one by one, each the nearest to the pixel that `viewed` returns at that moment.

    Of equally near ones the first comes first.
    """
    left = list(numbers)
    middles = [np.array(grid.place(number)) + 0.5 for number in left]
    while left:
        seen = np.asarray(viewed(), float) / grid.tile
        nearest = int(np.argmin(np.linalg.norm(np.array(middles) - seen, axis=1)))
        middles.pop(nearest)
        yield left.pop(nearest)
