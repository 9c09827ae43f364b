"""What commands for large images share: learning, planning, and doing the tiles."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any, cast

from napari_selfseg.cli._options._common import drain, progress_bar, values_of
from napari_selfseg.cli._options._interrupt import Interrupted, keeping, stop_on_interrupt

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit, Method
    from napari_selfseg.scale import LargeImage, Plan, TileRun

__all__ = [
    "do_tiles",
    "label_large",
    "learned",
    "plan_of",
    "say_forecast",
]


def learned(args: argparse.Namespace, large: LargeImage) -> Fit:
    """Learn from samples of the image, with a progress bar.

    Parameters
    ----------
    args : argparse.Namespace
        With ``kind`` and the flags of the method.
    large : LargeImage
        The image.

    Raises
    ------
    Interrupted
        When it was: tiles of one image are not labelled by what was half learned.
    """
    from napari_selfseg.scale import fit_samples, known_at_once

    method = _method(args)
    if (known := known_at_once(large.source, method)) is not None:
        return known
    run = fit_samples(
        large.source,
        method,
        count=args.samples,
        size=args.sample_size,
        memory=args.memory,
        device=args.device,
        threads=args.threads,
        precision=args.precision,
    )
    if not drain(run, stop=run.abandon):
        raise Interrupted("Interrupted while it learned; nothing was written.")
    return run.fit


def _method(args: argparse.Namespace) -> Method:
    return cast("Method", args.kind(**values_of(args, args.kind.declared())))


def plan_of(args: argparse.Namespace, large: LargeImage, fit: Fit, **options: Any) -> Plan:
    """Plan the tiles as the flags say.

    Parameters
    ----------
    args : argparse.Namespace
        With those of `add_tile_options`.
    large : LargeImage
        The image, and the file of its labels.
    fit : Fit
        What predicts.
    **options
        More of `planned`.
    """
    return large.plan_tiles(
        fit,
        tile=args.tile,
        memory=args.memory,
        superpixels=args.votes,
        objects=args.connected,
        device=args.device,
        threads=args.threads or _threads(getattr(args, "scheduler", "")),
        **options,
    )


def _threads(scheduler: str) -> int | None:
    """Share the cores among processes, which would otherwise take all of them each."""
    name, _, count = scheduler.partition(":")
    if name != "processes" or not count.isdecimal():
        return None
    return max(1, (os.cpu_count() or 1) // max(1, int(count)))


def do_tiles(run: TileRun, again: str) -> None:
    """Do all tiles with a progress bar on a terminal; an interrupt keeps those that are done.

    Parameters
    ----------
    run : TileRun
        Not yet begun.
    again : str
        How to go on, in words.

    Raises
    ------
    Interrupted
        When it was, after the tiles at work or, the second time, at once.
    """
    with keeping(lambda: _kept(run, again)), stop_on_interrupt(run.stop):
        with progress_bar(len(run.plan.grid), unit="tile") as bar:
            for step in run:
                bar.set_description(step.name, refresh=False)
                bar.total, bar.n = step.total, step.done
                bar.refresh()
        if run.stopped:
            raise KeyboardInterrupt


def _kept(run: TileRun, again: str) -> str:
    done, total = run.done, len(run.plan.grid)
    return f"Interrupted; {done} of {total} tiles are done and stay in {run.plan.labels}: {again}."


def say_forecast(plan: Plan) -> None:
    """Say on standard error what the tiles are going to take.

    Parameters
    ----------
    plan : Plan
        What is to be done.
    """
    from napari_selfseg.io import load_fit
    from napari_selfseg.protocol import in_words
    from napari_selfseg.scale import estimate_plan

    expected = estimate_plan(plan)
    tile = " x ".join(str(n) for n in plan.tile)
    print(
        f"{expected.tiles} tile{'s' * (expected.tiles > 1)} of {tile} pixels: "
        f"{in_words(expected.worker)} for one worker, and at most {expected.disk / 1e6:.3g} MB on "
        "disk.",
        file=sys.stderr,
    )
    method = load_fit(plan.model).method
    if method.reach is None and not plan.blockwise:
        print(
            f"{method.title} sees each tile as an image of its own: labels may end where tiles "
            "meet. With backprop, dic and dsc, and consensus without networks, they do not.",
            file=sys.stderr,
        )


def label_large(args: argparse.Namespace, image: str, out: str, fit: Fit | None = None) -> int:
    """Label an image tile by tile, with what is learned from it or with a model.

    Parameters
    ----------
    args : argparse.Namespace
        With the flags of `add_tile_options`.
    image : str
        The image.
    out : str
        The labels.
    fit : Fit, optional
        Of a model.

    Returns
    -------
    int
        Exit code.
    """
    from napari_selfseg.io import alone, check_labels_target
    from napari_selfseg.scale import LargeImage, TileRun, runner_named

    target = check_labels_target(out)
    with alone(target):
        large = LargeImage(image, target, opacity=args.opacity)
        runner = runner_named(args.scheduler)
        by = fit or _method(args)
        plan = large.gone_on(by) if args.resume else None
        if plan is None and args.resume and large.finished_before(by):
            print(f"{out} is finished: nothing is left to do.", file=sys.stderr)
            return 0
        if plan is None:
            plan = plan_of(args, large, fit or learned(args, large))
            say_forecast(plan)
        do_tiles(TileRun(plan, runner), "--resume goes on")
        large.finish(plan)
    return 0
