"""All tiles of a large image, on any runner, resumed where they were left."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Generator, Iterator, Sequence

import numpy as np

from napari_selfseg.io import finish_labels
from napari_selfseg.scale._joining import joined
from napari_selfseg.scale._ledger import Ledger
from napari_selfseg.scale._plan import FINISHED, Plan
from napari_selfseg.scale._runners import Runner, SerialRunner
from napari_selfseg.scale._tile_pass import TileProgress, work_through
from napari_selfseg.scale._tile_record import tile_record
from napari_selfseg.scale._tile_work import PIECES, loaded, read_face
from napari_selfseg.scale._voting import Votes, winners

__all__ = ["TileRun"]


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
    viewed : callable, optional
        Returns a pixel, along each spatial axis: the tile nearest to it comes next. It is asked
        before each tile by a runner that does one after the other, and otherwise at the begin.

    Raises
    ------
    FailedTiles
        When tiles failed although they were tried again; the others stay done.
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

    def abandon(self) -> None:
        """As `stop`: a tile at work is always finished."""
        self.stop()

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
    def done(self) -> int:
        """Tiles that are labelled."""
        return len(Ledger(self.plan.work).done(self.plan.passes[-1]))

    def _through(self) -> Generator[TileProgress]:
        if self.finished:
            return
        self._ledger.log(f"Begins, or goes on, with {', '.join(self.plan.passes)}.")
        if self._share is not None:
            yield from work_through(self.plan, "predict", self._runner, self._stopped, self._share)
            return
        for name in self.plan.passes:
            yield from work_through(
                self.plan, name, self._runner, self._stopped, viewed=self._viewed
            )
            if self._stopped.is_set():
                self._ledger.log("Stopped when asked.")
                return
            _between(self.plan, name)
        finish_labels(self.plan.labels, record=tile_record(self.plan))
        for bulky in (PIECES, "faces", "votes", "numbers"):
            shutil.rmtree(self.plan.beside(bulky), ignore_errors=True)
        self.plan.beside(FINISHED).touch()
        self._ledger.log("Finished.")


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
