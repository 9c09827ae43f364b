"""What commands for large images share: what is planned, and how learning and tiles are shown."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from napari_selfseg.cli._options._choices import segments_from
from napari_selfseg.cli._options._common import values_of
from napari_selfseg.cli._options._interrupt import Interrupted, keeping
from napari_selfseg.cli._options._progress import Shown

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit, Method, Work
    from napari_selfseg.scale import LabelFiles, LabelTask, Plan, Recipe, TileRun

MEASURING = "Interrupted while objects were measured; the labels are whole: {}."

__all__ = ["label_large", "say_forecast", "tiles_shown", "tiles_task"]


def label_large(
    args: argparse.Namespace, image: str, files: LabelFiles, fit: Fit | None = None
) -> int:
    """Label an image tile by tile, with a model or with what is learned from it."""
    from napari_selfseg.scale import do_alone

    result = do_alone(tiles_task(args, image, files, fit))
    if result.before:
        print(f"{files.labels} is finished: nothing is left to do.", file=sys.stderr)
    elif result.across is not None:
        print(across_in_words(result.across), file=sys.stderr)
    return 0


def across_in_words(count: int) -> str:
    """Say how many objects or segments seams go through.

    Parameters
    ----------
    count : int
        From a `LabelResult`.
    """
    if count == 1:
        return "1 object lies across a seam between tiles, as one."
    return f"{count or 'No'} objects lie across seams between tiles{', each as one' * (count > 1)}."


def tiles_task(
    args: argparse.Namespace, image: str, files: LabelFiles, fit: Fit | None = None
) -> LabelTask:
    """Return the task of an image that goes tile by tile; without `fit` samples teach one."""
    from napari_selfseg.scale import LabelTask, Observer, Tiling, runner_named

    scheduler = getattr(args, "scheduler", "serial")
    learning = {} if fit else {"samples": args.samples, "sample_size": args.sample_size}
    return LabelTask(
        image=Path(image),
        files=files,
        recipe=_recipe(args, fit),
        by_recipe=False,
        again=getattr(args, "resume", False),
        tiling=Tiling(
            args.tile,
            args.memory,
            args.votes,
            threads=_threads(scheduler),
            runner=runner_named(scheduler),
            **learning,
        ),
        opacity=args.opacity,
        simplify=getattr(args, "simplify", None) or 0.0,
        fit=fit,
        device=args.device,
        threads=args.threads,
        observer=Observer(partial(tiles_shown, "--resume goes on", forecast=True)),
    )


def _recipe(args: argparse.Namespace, fit: Fit | None) -> Recipe:
    from napari_selfseg.scale import Recipe

    pieces: dict[str, Any] = {
        "connected": args.connected is not None,
        "minimum_size": args.connected or 0,
        "channels": args.image_channels,
    }
    if fit is not None:
        return Recipe(model=args.model, **pieces)
    method = cast("Method", args.kind(**values_of(args, args.kind.declared())))
    wanted = segments_from(getattr(args, "segments", None))
    return Recipe(method, precision=args.precision, segments=wanted, **pieces)


def _threads(scheduler: str) -> int | None:
    """Share the cores among processes, which would otherwise take all of them each."""
    name, _, count = scheduler.partition(":")
    if name != "processes" or not count.isdecimal():
        return None
    # The processes share the cores.
    return max(1, (os.cpu_count() or 1) // max(1, int(count)))


@contextmanager
def tiles_shown(
    again: str, work: Work[Any], *, forecast: bool = False
) -> Iterator[Callable[[Any], None]]:
    """Show how samples are learned from and tiles are labelled; an interrupt keeps done tiles.

    Yields what is called with every step of `work`, which has not begun. `again` says how to go on;
    with `forecast` the time of tiles that nobody began is said first.

    Raises
    ------
    Interrupted
        When it was: tiles of one image are not labelled by what was half learned.
    """
    from napari_selfseg.scale import MeasureRun, TileRun

    shown = Shown()
    if isinstance(work, MeasureRun):
        with keeping(lambda: MEASURING.format(again)):
            with shown.watch(work) as see:
                yield see
            if work.stopped:
                raise KeyboardInterrupt
        return
    if not isinstance(work, TileRun):
        with shown.watch(work, stop=work.abandon) as see:
            yield see
        if shown.interrupted:
            raise Interrupted("Interrupted while it learned; nothing was written.")
        return
    if forecast and not work.begun:
        say_forecast(work.plan)
    with keeping(lambda: _kept(work, again)):
        with shown.watch(work) as see:
            yield see
        if shown.interrupted:
            raise KeyboardInterrupt


def _kept(run: TileRun, again: str) -> str:
    done, total = run.done, len(run.plan.grid)
    return f"Interrupted; {done} of {total} tiles are done and stay in {run.plan.labels}: {again}."


def say_forecast(plan: Plan) -> None:
    """Say on standard error what the tiles are going to take."""
    import psutil

    from napari_selfseg.io import load_fit
    from napari_selfseg.protocol import in_words, size_in_words
    from napari_selfseg.scale import estimate_plan

    held = psutil.Process().memory_info().rss
    expected = estimate_plan(plan)
    # As --memory has it: what a process takes in all.
    worker = replace(expected.worker, bytes=held + expected.worker.bytes)
    tile = " x ".join(str(n) for n in plan.tile)
    print(
        f"{expected.tiles} tile{'s' * (expected.tiles > 1)} of {tile} pixels: "
        f"{in_words(worker)} for one worker, and at most {size_in_words(expected.disk)} on disk.",
        file=sys.stderr,
    )
    method = load_fit(plan.model).method
    if method.reach is None and not (plan.blockwise or plan.tilewise):
        print(
            f"{method.title} sees each tile as an image of its own: labels may end where tiles "
            "meet. With backprop, dic, dsc, consensus without networks, and objects, they do not.",
            file=sys.stderr,
        )
