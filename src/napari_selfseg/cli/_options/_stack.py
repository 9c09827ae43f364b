"""A stack on the command line: ``segment STACK --carry warm --axis z``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_selfseg.cli._messages._sentences import in_a_line
from napari_selfseg.cli._options._common import Parser
from napari_selfseg.cli._options._interrupt import Interrupted
from napari_selfseg.cli._options._numbers import whole
from napari_selfseg.cli._options._progress import Shown

if TYPE_CHECKING:
    from napari_selfseg.io import ImageFile
    from napari_selfseg.protocol import Method
    from napari_selfseg.scale import StackRun, StackStep

__all__ = ["add_stack", "check_along", "check_axes", "stack_shown"]

PLANES_ONLY = ("segments", "scribbles")


def add_stack(parser: Parser) -> None:
    """Add how to go along a stack or time series."""
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


def check_along(args: argparse.Namespace) -> None:
    """Refuse flags of ``segment`` that do not go together along a stack, or need a stack."""
    if not args.carry:
        for flag in ("axis", "stack_iterations", "planes_fitted"):
            if getattr(args, flag) is not None:
                raise ValueError(f"--{flag.replace('_', '-')} is for stacks: add --carry.")
        return
    for flag in PLANES_ONLY:
        if getattr(args, flag) is not None:
            raise ValueError(f"--{flag} is for one image: leave it out, or leave out --carry.")
    if args.save_fit and args.carry != "joint":
        raise ValueError(
            "A fit of the whole stack is made with --carry joint: --save-fit needs it."
        )


def check_axes(args: argparse.Namespace, method: Method, image: ImageFile) -> None:
    """Refuse a stack where no planes are asked for, and a plane where they are."""
    n = len(image.shape)
    if args.carry:
        if n < 3:
            raise ValueError(
                f"{image.name} is a single plane, and --carry is for stacks: leave it out."
            )
        return
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


@contextmanager
def stack_shown(shown: Shown, name: str, work: StackRun) -> Iterator[Callable[[StackStep], None]]:
    """Show a stack, and say which planes could not be used.

    `shown` draws the bar. `work` has not begun; what is yielded is to be called with every step.

    Raises
    ------
    ValueError
        When no plane could be used.
    Interrupted
        When it was interrupted before there was anything to keep.
    """
    from napari_selfseg.scale import StackRun

    with shown.watch(work) as see:
        yield see
    if not isinstance(work, StackRun):  # what is measured afterwards
        return
    if not work.done.any() and not work.stops:
        if shown.interrupted:
            raise Interrupted("Interrupted before any plane was done.")
        raise ValueError(f"Nothing was written: {work.stop_reason}")
    for plane, why in work.failed.items():
        print(in_a_line(f"napari-selfseg: {name}: plane {plane}: {why}"), file=sys.stderr)
