"""A large image in a worker thread: learned from samples, then labelled tile by tile."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from napari_selfseg.widgets.canvas.label_storage import LabelStorage
from napari_selfseg.widgets.large.stack_arrays import LazyPart, stack_arrays
from napari_selfseg.widgets.model.records import renew
from napari_selfseg.widgets.model.words import (
    FIRST_LOOK,
    FIRST_TILE,
    LEARNED,
    LEARNING,
    LOOKING,
    READING,
    SAMPLES,
    WHOLE,
    Pace,
    progress,
    tile_progress,
)
from napari_selfseg.widgets.work.live_job import Ended, LiveJob, Progress
from napari_selfseg.widgets.work.runner import sentence_of

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit, Step
    from napari_selfseg.scale import Plan, Source, TileLayout, TileRun, TileStep
    from napari_selfseg.widgets.model.request import Request

__all__ = ["TileJob"]

STOPPED = "Stopped when asked; {} of {} tiles are labelled, Continue does the others."
STOPPED_BEFORE = "Stopped when asked, before the first tile; Continue labels with what was learned."
FAILED = "{} of {} tiles failed, one with: {}. Continue tries them again; the others are kept."


class TileJob(LiveJob):
    """One large image from request to end.

    `records` is a plain dict, so that the record gets there also when nobody waits for it. The fit
    and the tiles of a job `before`, of the same request and storage, are kept.

    Attributes
    ----------
    fit : Fit or None
        What was learned, or was given.
    viewed : tuple of float
        The pixel in the middle of the view: written by the window, read by this thread.
    left : bool
        Whether tiles are left.
    plan : Plan or None
        What is done, once that is known.
    """

    what = "Labelling by tiles"

    def __init__(
        self,
        request: Request,
        storage: LabelStorage,
        layout: TileLayout,
        records: MutableMapping[Any, Any],
        key: str,
        before: TileJob | None = None,
    ) -> None:
        super().__init__()
        self.viewed: Sequence[float] = (0.0,) * len(request.shape)
        self.fit: Fit | None = before.fit if before else request.start
        self.left = True
        self.plan: Plan | None = before.plan if before else None
        self._learned: dict[str, Any] | None = before._learned if before else None
        self._request, self._storage, self._layout = request, storage, layout
        self._records, self._key = records, key

    @property
    def begun(self) -> bool:
        """Whether there is anything to go on from."""
        return self._learned is not None or self.plan is not None

    def _do(self) -> Ended:
        self.stage = READING
        arrays = stack_arrays(self._request)
        with self._storage.held():
            try:
                return self._labelled(arrays)
            finally:
                self._storage.settle()

    def _labelled(self, arrays: dict[str, Any]) -> Ended:
        if self.plan is None:
            self._look_first(arrays)
            self.plan = self._planned(arrays)
        if self.plan is None:
            return Ended(STOPPED_BEFORE if self.begun else "Ended.")
        self.stage = FIRST_TILE
        with self._steered(self._tiles(self.plan)) as run:
            self._go_through(run, lambda step: self._see_tile(run.plan, step))
            return self._ended(run)

    def _look_first(self, arrays: dict[str, Any]) -> None:
        """Show something at once of an image that is labelled as one, which takes long."""
        from napari_selfseg.protocol import first_look

        request, shape = self._request, self._storage.early
        as_one = request.method.blockwise() is not None and arrays["superpixels"] is None
        if shape is None or request.start is not None or not as_one:
            return
        keys = ("image", "channel_axis", "mask", "spacing")
        given: dict[str, Any] = {key: arrays[key] for key in keys}
        given |= {"device": request.device, "threads": request.threads}
        with contextlib.suppress(ValueError, MemoryError):  # the work itself tells what is wrong
            look = first_look(method=request.method, **given)
            if look is not None and not self._relay.asked:
                self.stage = LOOKING
                self._finish(look)
                self._storage.show_early(look.labels(shape))
                self.mailbox.put(Progress(0, 0, FIRST_LOOK))

    # Learning

    def _planned(self, arrays: dict[str, Any]) -> Plan | None:
        """Learn where that is still to be done, and plan; None when asked to end."""
        from napari_selfseg.io import ImageFile
        from napari_selfseg.scale import Source, plan_tiles

        axis, given = arrays["channel_axis"], arrays["superpixels"]
        place = {"spacing": arrays["spacing"], "unit": "", "axes": ""}
        image = ImageFile(arrays["image"], axis, mask=arrays["mask"], name=arrays["name"], **place)
        source = Source(image, axis)
        fit = self.fit or self._known(source, given) or self._learnt(source, given)
        if fit is None or self._relay.asked:
            return None
        self.stage = WHOLE
        return plan_tiles(
            source,
            fit,
            str(self._storage.path),
            tile=max(self._layout.tile),
            sample=self._layout.sample or None,
            superpixels=given if isinstance(given, LazyPart) else None,
            device=self._request.device,
            threads=self._request.threads,
            told={"source": self._request.source, "learned": self._learned},
            made=True,
        )

    def _known(self, source: Source, superpixels: Any) -> Fit | None:
        """Return what labels the image as one, where that is wanted; of no use for another."""
        from napari_selfseg.scale import known_at_once

        method, ndim = self._request.method, len(self._request.shape)
        if method.blockwise() is not None:
            self.stage = WHOLE
        return known_at_once(source, method, ndim, superpixels)

    def _learnt(self, source: Source, given: Any) -> Fit | None:
        self._learn(source, None if isinstance(given, LazyPart) else given)
        return self.fit

    def _learn(self, source: Source, superpixels: Any) -> None:
        from napari_selfseg.record import dumps
        from napari_selfseg.scale import fit_samples

        request = self._request
        self._try_speed(request)
        self.stage = SAMPLES
        begun = fit_samples(
            source,
            request.method,
            size=self._layout.sample,
            ndim=len(request.shape),
            spacing=request.spacing,
            superpixels=superpixels,
            device=request.device,
            threads=request.threads,
            precision=request.precision,
        )
        with self._steered(begun) as run:
            self.stage = LEARNING
            pace = Pace(run.method.updates)
            self._go_through(run, lambda step: self._see_learning(step, pace))
            if run.stopped is not None and run.stopped.kind != "abandoned":
                self.fit, self._learned = run.fit, json.loads(dumps(run.record()))
                # What comes before the first tile is said again.
                self.mailbox.put(Progress(0, 0, LEARNED))

    def _see_learning(self, step: Step, pace: Pace) -> None:
        if not self.mailbox.empty:
            return
        left = pace.left(step.iteration, time.monotonic())
        counts = (step.iteration, step.total, step.n_labels, step.n_raw_labels)
        losses = {name: float(value) for name, value in step.losses.items()}
        words = f"Learning from samples: {progress(*counts, step.loss, left)}"
        self.mailbox.put(Progress(step.iteration, step.total, words, losses))

    # Tiles

    def _tiles(self, plan: Plan) -> TileRun:
        from napari_selfseg.scale import TileRun

        return TileRun(plan, viewed=lambda: self.viewed)

    def _see_tile(self, plan: Plan, step: TileStep) -> None:
        self._storage.follow(plan.grid.inner(step.number))
        words = tile_progress(step.name, step.done, step.total, step.seconds_left)
        self.mailbox.put(Progress(step.done, step.total, words))

    def _ended(self, run: TileRun, sentence: str = "") -> Ended:
        from napari_selfseg.protocol import objects_in_words
        from napari_selfseg.scale import tile_record

        done, total = run.done, len(run.plan.grid)
        self.left = not run.finished
        found = tile_record(run.plan)
        words = STOPPED.format(done, total) if self.left else f"All {total} tiles are labelled."
        if self._request.method.instances and not self.left:
            words = f"{objects_in_words(found['n_labels'])} {words}"
        record = renew(self._records, self._key, found)
        return Ended(
            (sentence or words) + self._storage.where, bool(sentence), done, total, record=record
        )

    def _rescued(self, error: Exception) -> Ended:
        from napari_selfseg.scale import FailedTiles, TileRun

        sentence = sentence_of(error, self.what)
        if isinstance(error, FailedTiles):
            why = next(iter(error.failed.values())).rstrip(".")
            sentence = FAILED.format(len(error.failed), error.total, why)
        if isinstance(self._work, TileRun):
            return self._ended(self._work, sentence)
        return Ended(sentence, failed=not self._relay.abandoned)
