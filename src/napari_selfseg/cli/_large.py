"""What commands for large images share: learning, planning, and doing the tiles."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, cast

from napari_selfseg.cli._common import (
    drain,
    progress_bar,
    stop_on_interrupt,
    values_of,
)

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

    Returns
    -------
    Fit
    """
    from napari_selfseg.scale import learning

    run = learning(
        large.source,
        _method(args),
        count=args.samples,
        size=args.sample_size,
        memory=args.memory,
        device=args.device,
        threads=args.threads,
        precision=args.precision,
    )
    drain(run)
    return run.fit


def _method(args: argparse.Namespace) -> Method:
    return cast("Method", args.kind(**values_of(args, args.kind.declared())))


def plan_of(args: argparse.Namespace, large: LargeImage, fit: Fit) -> Plan:
    """Plan the tiles as the flags say.

    Parameters
    ----------
    args : argparse.Namespace
        With those of `add_tile_options`.
    large : LargeImage
        The image, and the file of its labels.
    fit : Fit
        What predicts.

    Returns
    -------
    Plan
    """
    return large.planned(
        fit,
        tile=args.tile,
        memory=args.memory,
        superpixels=args.votes,
        objects=args.connected,
        device=args.device,
        threads=args.threads or _threads(getattr(args, "scheduler", "")),
    )


def _threads(scheduler: str) -> int | None:
    """Share the cores among processes, which would otherwise take all of them each."""
    name, _, count = scheduler.partition(":")
    if name != "processes" or not count.isdecimal():
        return None
    return max(1, (os.cpu_count() or 1) // max(1, int(count)))


def do_tiles(run: TileRun) -> int:
    """Do all tiles with a progress bar on a terminal; Ctrl-C keeps those that are done.

    Parameters
    ----------
    run : TileRun
        Not yet begun.

    Returns
    -------
    int
        Exit code: 130 when it was interrupted.
    """
    with stop_on_interrupt(run), progress_bar(len(run.plan.grid), unit="tile") as bar:
        for step in run:
            bar.set_description(step.name, refresh=False)
            bar.total, bar.n = step.total, step.done
            bar.refresh()
    if run.stopped:
        print(f"Stopped; what is done stays in {run.plan.labels}.", file=sys.stderr)
    return 130 if run.stopped else 0


def say_forecast(plan: Plan) -> None:
    """Say on standard error what the tiles are going to take.

    Parameters
    ----------
    plan : Plan
        What is to be done.
    """
    from napari_selfseg.io import load_fit
    from napari_selfseg.protocol import in_words
    from napari_selfseg.scale import forecast

    expected = forecast(plan)
    tile = " x ".join(str(n) for n in plan.tile)
    print(
        f"{expected.tiles} tile{'s' * (expected.tiles > 1)} of {tile} pixels: "
        f"{in_words(expected.worker)} for one worker, and at most {expected.disk / 1e6:.3g} MB on "
        "disk.",
        file=sys.stderr,
    )
    method = load_fit(plan.model).method
    if method.reach is None:
        print(
            f"{method.title} sees each tile as an image of its own: labels may end where tiles "
            "meet. With backprop, dic and dsc they do not.",
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
    from napari_selfseg.io import check_labels_target
    from napari_selfseg.scale import LargeImage, TileRun, runner_named

    large = LargeImage(image, check_labels_target(out))
    runner = runner_named(args.scheduler)
    plan = large.gone_on(fit or _method(args)) if args.resume else None
    if plan is None:
        plan = plan_of(args, large, fit or learned(args, large))
        say_forecast(plan)
    code = do_tiles(TileRun(plan, runner))
    if code == 0:
        large.finish(plan)
    return code
