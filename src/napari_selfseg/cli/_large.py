"""What commands for large images share: their flags, planning, and doing the tiles."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any, cast

from napari_selfseg.cli._common import (
    Parser,
    drain,
    progress_bar,
    stop_on_interrupt,
    values_of,
)

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit, Method
    from napari_selfseg.scale import Plan, Source, TileRun

__all__ = [
    "add_scheduler",
    "add_tile_options",
    "do_tiles",
    "label_large",
    "learned",
    "plan_of",
    "say_forecast",
    "size_of",
    "source_of",
]


def add_tile_options(parser: Parser, *, learning: bool = True, running: bool = True) -> None:
    """Add how an image is cut into tiles.

    Parameters
    ----------
    parser : Parser
        Of the command.
    learning, running : bool
        Whether it learns from the image, and whether it does the tiles.
    """
    group = parser.add_argument_group("large images")
    group.add_argument(
        "--memory",
        metavar="SIZE",
        help="such as 2GB: work tile by tile, and let no process take more",
    )
    group.add_argument("--tile", type=int, metavar="N", help="side of a tile in pixels")
    group.add_argument(
        "--votes",
        metavar="LABELS",
        help="superpixels of the whole image in a file; each gets one label, also across tiles",
    )
    group.add_argument(
        "--connected",
        type=int,
        metavar="N",
        help="number connected objects of at least N pixels, across tiles, in place of classes",
    )
    if learning:
        group.add_argument("--samples", type=int, default=4, metavar="N", help="to learn from (4)")
        size = "side of a sample in pixels (256)"
        group.add_argument("--sample-size", type=int, default=256, metavar="N", help=size)
    if running:
        add_scheduler(group)
        again = "go on with the tiles that are left, as they were planned"
        group.add_argument("--resume", action="store_true", help=again)


def add_scheduler(group: argparse._ActionsContainer) -> None:
    """Add where tiles are done.

    Parameters
    ----------
    group : argument group or parser
        Of the command.
    """
    group.add_argument(
        "--scheduler",
        default="serial",
        metavar="WHERE",
        help="serial, processes:N, or the address of a dask scheduler such as tcp://10.0.0.1:8786",
    )


def size_of(text: str | None) -> int | None:
    """Read a number of bytes.

    Parameters
    ----------
    text : str or None
        Such as ``"2GB"``, ``"500 MB"`` or ``"1.5GiB"``.

    Returns
    -------
    int or None

    Raises
    ------
    ValueError
        When it is none.
    """
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)(b?)\s*", text, re.IGNORECASE)
    if not found or float(found[1]) == 0:
        raise ValueError(f"--memory takes a size such as 2GB or 500MB, not {text}.")
    power = " KMGT".index(found[2].upper() or " ")
    return int(float(found[1]) * (1024 if found[3] else 1000) ** power)


def source_of(path: str) -> tuple[Source, dict[str, Any]]:
    """Open an image to be read by tiles.

    Parameters
    ----------
    path : str
        Of a file or folder.

    Returns
    -------
    source : Source
    dict
        Its axes and pixel size, as `planned` takes them.
    """
    from napari_selfseg.io import open_image
    from napari_selfseg.scale import Source

    file = open_image(path)
    source = Source(os.path.abspath(path), file.channel_axis)
    axes = file.axes.replace("c", "")
    return source, {"axes": axes, "spacing": file.spacing, "unit": file.unit}


def learned(args: argparse.Namespace, source: Source) -> Fit:
    """Learn from samples of the image, with a progress bar.

    Parameters
    ----------
    args : argparse.Namespace
        With ``kind`` and the flags of the method.
    source : Source
        The image.

    Returns
    -------
    Fit
    """
    from napari_selfseg.scale import learning

    method = cast("Method", args.kind(**values_of(args, args.kind.declared())))
    run = learning(
        source,
        method,
        count=args.samples,
        size=args.sample_size,
        memory=size_of(args.memory),
        device=args.device,
        threads=args.threads,
        precision=args.precision,
    )
    drain(run)
    return run.fit


def plan_of(
    args: argparse.Namespace, source: Source, fit: Fit, out: str, known: dict[str, Any]
) -> Plan:
    """Plan the tiles as the flags say.

    Parameters
    ----------
    args : argparse.Namespace
        With those of `add_tile_options`.
    source : Source
        The image.
    fit : Fit
        What predicts.
    out : str
        The labels.
    known : dict
        From `source_of`.

    Returns
    -------
    Plan
    """
    from napari_selfseg.scale import planned

    return planned(
        source,
        fit,
        out,
        tile=args.tile,
        memory=size_of(args.memory),
        superpixels=args.votes,
        objects=args.connected,
        device=args.device,
        threads=args.threads or _threads(getattr(args, "scheduler", "")),
        **known,
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
    from napari_selfseg.scale import TileRun, load_plan, runner_named, work_folder

    target = check_labels_target(out)
    # A TIFF cannot be written by several at a time, nor be gone on with.
    tiles = out if target.suffix == ".zarr" else f"{out}.zarr"
    runner = runner_named(args.scheduler)
    if args.resume and work_folder(tiles).is_dir():
        plan = load_plan(work_folder(tiles))
    else:
        source, known = source_of(image)
        plan = plan_of(args, source, fit or learned(args, source), tiles, known)
        say_forecast(plan)
    code = do_tiles(TileRun(plan, runner))
    if code == 0 and tiles != out:
        _as_tiff(plan, image, out)
    return code


def _as_tiff(plan: Plan, image: str, out: str) -> None:
    """Copy finished tiles into a TIFF in the place of the image, block by block."""
    from napari_selfseg.io import open_image, open_labels, read_record, write_labels

    labels = open_labels(plan.labels)
    write_labels(out, labels, record=read_record(plan.labels), **open_image(image).place)
    shutil.rmtree(plan.labels)
    shutil.rmtree(plan.work)
