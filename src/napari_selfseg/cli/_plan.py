"""``napari-selfseg plan IMAGE -o LABELS.ome.zarr``."""

from __future__ import annotations

import argparse

from napari_selfseg.cli._large import say_forecast, tiles_task
from napari_selfseg.cli._options._common import (
    Commands,
    add_image_channels,
    add_method,
    add_opacity,
    add_run_options,
)
from napari_selfseg.cli._options._tile_options import add_tile_options

__all__ = ["add"]


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command; its flags are those of the method named in `words`."""
    parser = commands.add_parser("plan", help="prepare a large image for many machines")
    parser.add_argument("image", help="OME-Zarr, zarr or TIFF that every machine can read")
    parser.add_argument("-o", "--output", required=True, metavar="LABELS.ome.zarr")
    parser.add_argument("--model", metavar="FILE", help="apply it; learn from samples without")
    parser.add_argument("--method", help="one of `napari-selfseg methods`")
    add_opacity(parser)
    add_image_channels(parser)
    add_tile_options(parser, running=False)
    add_run_options(parser)
    parser.set_defaults(command=_run)
    if words[:1] == ["plan"]:
        add_method(parser, words[1:])


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.io import alone, check_zarr, load_fit
    from napari_selfseg.scale import LabelFiles, plan_label

    if args.model:
        _check_learned(args)
    files = LabelFiles(check_zarr(args.output))
    with alone(files.labels):
        fit = load_fit(args.model) if args.model else None
        plan = plan_label(tiles_task(args, args.image, files, fit), every_hash=True)
    say_forecast(plan)
    print(f"On each of M machines, N from 0: napari-selfseg run {args.output} --index N --of M")
    print(f"When all are done: napari-selfseg run {args.output}")
    return 0


def _check_learned(args: argparse.Namespace) -> None:
    """Refuse flags that say how to learn where there is a model."""
    flags = [each.flag for each in args.kind.declared() if hasattr(args, each.name)]
    usual = {"method": None, "samples": None, "sample_size": None, "precision": "auto"}
    said = [name for name, default in usual.items() if getattr(args, name) != default]
    for flag in [*("--" + name.replace("_", "-") for name in said), *flags]:
        raise ValueError(
            f"{flag} says how to learn, and {args.model} has learned: leave out one of them."
        )
