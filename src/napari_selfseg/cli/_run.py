"""``napari-selfseg run LABELS.ome.zarr [--index N --of M]``."""

from __future__ import annotations

import argparse
from functools import partial

from napari_selfseg.cli._large import tiles_shown
from napari_selfseg.cli._options._common import Commands
from napari_selfseg.cli._options._numbers import whole
from napari_selfseg.cli._options._tile_options import add_scheduler

__all__ = ["add"]


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command."""
    parser = commands.add_parser("run", help="do what was planned, or a share of it")
    parser.add_argument("labels", help="the OME-Zarr that `plan` has made")
    parser.add_argument("--index", type=whole(0), metavar="N", help="of this machine, from 0")
    parser.add_argument("--of", type=whole(1), default=1, metavar="M", help="how many machines")
    add_scheduler(parser)
    parser.set_defaults(command=_run)


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.scale import TileRun, load_plan, runner_named, work_folder
    from napari_selfseg.work import follow

    plan = load_plan(work_folder(args.labels))
    if args.index is not None and not 0 <= args.index < args.of:
        raise ValueError(f"--index {args.index} is none of {args.of} machines, counted from 0.")
    share = None if args.index is None else (args.index, args.of)
    run = TileRun(plan, runner_named(args.scheduler), share=share)
    follow(run, partial(tiles_shown, "the same command goes on"))
    return 0
