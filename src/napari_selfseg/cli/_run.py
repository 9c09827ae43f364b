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
    parser.add_argument("--of", type=whole(1), metavar="M", help="how many machines")
    add_scheduler(parser)
    parser.set_defaults(command=_run)


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.scale import TileRun, load_plan, runner_named, work_folder
    from napari_selfseg.work import follow

    share = _share(args)
    plan = load_plan(work_folder(args.labels))
    run = TileRun(plan, runner_named(args.scheduler), share=share)
    follow(run, partial(tiles_shown, "the same command goes on"))
    return 0


def _share(args: argparse.Namespace) -> tuple[int, int] | None:
    """Return which machine this is of how many; None where it does all."""
    of = 1 if args.of is None else args.of
    if args.index is None:
        if args.of is not None:
            raise ValueError(f"--of {of} needs --index N, the number of this machine from 0.")
        return None
    if args.index >= of:
        raise ValueError(f"--index {args.index} is none of {of} machines, counted from 0.")
    return args.index, of
