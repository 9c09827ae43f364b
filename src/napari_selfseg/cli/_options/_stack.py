"""A stack on the command line: ``segment STACK --carry warm --axis z``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from napari_selfseg.cli._messages._saying import in_a_line
from napari_selfseg.cli._options._common import Parser
from napari_selfseg.cli._options._interrupt import Interrupted, stop_on_interrupt
from napari_selfseg.cli._options._numbers import whole

if TYPE_CHECKING:
    from napari_selfseg.io import ImageFile
    from napari_selfseg.protocol import Method
    from napari_selfseg.scale import StackRun

__all__ = ["add_stack", "check_stack", "check_volume", "interrupted_at", "segmented_stack"]

PLANES_ONLY = ("segments", "scribbles")


def add_stack(parser: Parser) -> None:
    """Add how to go along a stack or time series.

    Parameters
    ----------
    parser : Parser
        Of the command.
    """
    group = parser.add_argument_group("stacks and time series, plane by plane")
    group.add_argument(
        "--carry",
        choices=("independent", "warm", "joint"),
        help="what a plane takes over: nothing but ids, by overlap; weights and ids of its "
        "neighbour; or all from one fit on planes spread over the stack. A volume as a whole "
        "without",
    )
    group.add_argument(
        "--axis", metavar="AXIS", help="by name or number, such as z, t, 0; several as in tz"
    )
    group.add_argument(
        "--stack-iterations",
        type=whole(1),
        metavar="N",
        help="with warm: updates on a plane that begins with its neighbour's weights; a tenth "
        "of --iterations by default",
    )
    group.add_argument(
        "--planes-fitted",
        type=whole(1),
        metavar="N",
        help="with joint: planes of the fit (5)",
    )


def check_volume(args: argparse.Namespace, method: Method, image: ImageFile) -> None:
    """Refuse what only makes sense along a stack, and a stack where no plane is asked for.

    Parameters
    ----------
    args : argparse.Namespace
        Without ``--carry``.
    method : Method
        To be run.
    image : ImageFile
        On this.

    Raises
    ------
    ValueError
        With what to do.
    """
    for flag in ("axis", "stack_iterations", "planes_fitted"):
        if getattr(args, flag) is not None:
            raise ValueError(f"--{flag.replace('_', '-')} is for stacks: add --carry.")
    n = len(image.shape)
    if "t" in image.axes:
        raise ValueError(
            f"{image.name} has the axes {image.axes}: go along time with --carry independent, warm "
            "or joint, or give one time point."
        )
    if n > 2 and n not in method.ndims:
        raise ValueError(
            f"{image.name} has {n} spatial axes, and {method.title} takes "
            f"{' or '.join(map(str, method.ndims))}: go along it with --carry independent, warm or "
            "joint."
        )


def segmented_stack(
    args: argparse.Namespace,
    method: Method,
    image: ImageFile,
    options: dict[str, Any],
    out: Any = None,
) -> StackRun:
    """Segment a stack with a progress bar; the first interrupt keeps the planes that are done.

    Parameters
    ----------
    args : argparse.Namespace
        With ``--carry``.
    method : Method
        To be run.
    image : ImageFile
        The stack.
    options : dict
        As for `evolve`.
    out : array_like, optional
        Where labels go; into memory by default.

    Raises
    ------
    ValueError
        When something cannot be used, or no plane could.
    Interrupted
        When it was interrupted before there was anything to keep.
    """
    from napari_selfseg.scale import axes_along, over_stack

    options = {key: value for key, value in options.items() if key != "scribbles"}
    run = over_stack(
        image.data,
        method,
        carry=args.carry,
        axis=axes_along(args.axis, method, image),
        iterations=args.stack_iterations,
        planes_fitted=args.planes_fitted,
        out=out,
        **options,
    )
    _drain(run)
    if not run.done.any() and not run.stops and interrupted_at(run):
        raise Interrupted("Interrupted before any plane was done.")
    if not run.done.any() and not run.stops:
        raise ValueError(f"Nothing was written: {run.stop_reason}")
    for plane, why in run.failed.items():
        print(in_a_line(f"napari-selfseg: {image.name}: plane {plane}: {why}"), file=sys.stderr)
    return run


def interrupted_at(run: StackRun) -> str:
    """Say how far a stack was when it was interrupted; empty when it was not.

    Parameters
    ----------
    run : StackRun
        At its end.

    Returns
    -------
    str
        Such as ``"after 3 of 12 planes"``.
    """
    if run.stopped is None or run.stopped.kind not in ("asked", "abandoned"):
        return ""
    return f"after {int(run.done.sum())} of {len(run.done)} planes"


def check_stack(args: argparse.Namespace, image: ImageFile) -> None:
    """Refuse what does not go together with ``--carry``.

    Parameters
    ----------
    args : argparse.Namespace
        With ``--carry``.
    image : ImageFile
        What it is for.

    Raises
    ------
    ValueError
        With what to do.
    """
    if len(image.shape) < 3:
        raise ValueError(
            f"{image.name} is a single plane, and --carry is for stacks: leave it out."
        )
    for flag in PLANES_ONLY:
        if getattr(args, flag) is not None:
            raise ValueError(f"--{flag} is for one image: leave it out, or leave out --carry.")
    if args.save_fit and args.carry != "joint":
        raise ValueError(
            "A fit of the whole stack is made with --carry joint: --save-fit needs it."
        )


def _drain(run: StackRun) -> None:
    from tqdm import tqdm

    bar_format = "{l_bar}{bar}| {n_fmt}/{total_fmt} planes [{elapsed}{postfix}]"
    with (
        stop_on_interrupt(run.stop),
        tqdm(total=len(run.done), disable=None, bar_format=bar_format) as bar,
    ):
        for step in run:
            left = "" if step.seconds_left is None else tqdm.format_interval(step.seconds_left)
            at = "" if step.step is None else f", update {step.step.iteration}/{step.step.total}"
            bar.set_postfix_str(f"{left} left{at}" if left else at.lstrip(", "), refresh=False)
            bar.update(step.done - bar.n)
    if sys.stderr.isatty() and not interrupted_at(run):
        print(run.stop_reason, file=sys.stderr)
