"""``napari-selfseg train IMAGES... -o MODEL.safetensors``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from napari_selfseg.cli._options._common import (
    IMAGES_HELP,
    Commands,
    Parser,
    add_image_channels,
    add_method,
    add_opacity,
    add_run_options,
    values_of,
)
from napari_selfseg.cli._options._interrupt import keeping
from napari_selfseg.cli._options._numbers import share, whole
from napari_selfseg.cli._options._progress import Shown

if TYPE_CHECKING:
    from napari_selfseg.protocol import Method
    from napari_selfseg.scale import Trainer

__all__ = ["add"]


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command; its flags are those of the method named in `words`."""
    parser = commands.add_parser("train", help="train one model on several images")
    parser.add_argument("images", nargs="+", help=IMAGES_HELP)
    parser.add_argument("-o", "--output", required=True, metavar="MODEL.safetensors")
    parser.add_argument("--method", help="one of `napari-selfseg methods`")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with MODEL where there is one; its own method and parameters if none are given",
    )
    parser.add_argument(
        "--checkpoint-every",
        type=whole(1),
        default=10,
        metavar="N",
        help="iterations between checkpoints",
    )
    parser.add_argument(
        "--check", nargs="+", default=[], metavar="IMAGE", help="images on which to see stability"
    )
    parser.add_argument(
        "--stable",
        type=share,
        metavar="SHARE",
        help="end when this share of pixels, such as 0.99, kept its label over three checkpoints",
    )
    add_opacity(parser)
    add_image_channels(parser)
    parser.add_argument("--planes", action="store_true", help="take stacks plane by plane")
    parser.add_argument(
        "--tile",
        type=whole(1),
        metavar="N",
        help="cut planes into tiles of at most N pixels",
    )
    add_run_options(parser)
    parser.set_defaults(command=_run)
    if words[:1] == ["train"]:
        known = _known(words[1:])
        add_method(parser, words[1:], None if known is None else type(known))


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.io import alone, check_target
    from napari_selfseg.scale import NothingLeftError
    from napari_selfseg.work import follow

    check_target(args.output, (".safetensors",))
    with alone(args.output):
        try:
            trainer = _trainer(args)
        except NothingLeftError as nothing:
            print(nothing, file=sys.stderr)
            return 0
        with keeping(lambda: _kept(args.output)):
            shown = Shown()
            follow(trainer, shown.watch)
            if shown.interrupted:
                raise KeyboardInterrupt
    return 0


def _trainer(args: argparse.Namespace) -> Trainer:
    from napari_selfseg.scale import Trainer, gathered

    method = _method(args)
    flat = args.planes or 3 not in method.ndims
    how: dict[str, Any] = {
        "planes": flat,
        "opacity": args.opacity,
        "channels": args.image_channels,
    }
    found = gathered(args.images, tile=args.tile, **how)
    # A tile without data has nothing to learn from.
    found = found.only(found.with_data)
    axis = found.channel_axis
    check = gathered(args.check, tile=None, axis=axis, **how).images if args.check else []
    return Trainer(
        found.images,
        method,
        args.output,
        every=args.checkpoint_every,
        resume=args.resume,
        check=check,
        stable=args.stable,
        channel_axis=axis,
        mask=found.mask,
        device=args.device,
        threads=args.threads,
        precision=args.precision,
        name=found.names,
    )


def _kept(model: str) -> str:
    """Say what an interrupted training has left."""
    from napari_selfseg.io import read_progress

    if not Path(model).is_file():
        return "Interrupted before the first checkpoint; nothing was written."
    return (
        f"Interrupted; {model} holds a checkpoint after {read_progress(model)} iterations: "
        "--resume goes on."
    )


def _method(args: argparse.Namespace) -> Method:
    """Return the method of the flags, or that of the model to resume where they name none."""
    given: dict[str, Any] = values_of(args, args.kind.declared())
    words = ["--output", args.output, *(["--resume"] if args.resume else [])]
    known = None if args.method else _known(words)
    return cast("Method", args.kind(**given) if known is None else known.replace(**given))


def _known(words: list[str]) -> Method | None:
    """Return the method of the model that the words ask to resume, if there is one."""
    from napari_selfseg.io import load_fit

    first = Parser(add_help=False, allow_abbrev=False)
    first.add_argument("-o", "--output", default="")
    first.add_argument("--resume", action="store_true")
    args = first.parse_known_args(words)[0]
    return load_fit(args.output).method if args.resume and Path(args.output).is_file() else None
