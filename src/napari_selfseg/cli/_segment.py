"""``napari-selfseg segment IMAGE -o LABELS``, or ``--into-image NAME``."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from napari_selfseg.cli._large import label_large
from napari_selfseg.cli._messages._memory_check import expect
from napari_selfseg.cli._options._choices import add_choices, segments_from
from napari_selfseg.cli._options._common import (
    SUPERPIXELS_HELP,
    Commands,
    add_image_channels,
    add_method,
    add_opacity,
    add_run_options,
    algorithm_from,
    superpixels_from,
)
from napari_selfseg.cli._options._finishing import (
    add_as,
    add_finish,
    finish_from,
    method_from,
)
from napari_selfseg.cli._options._interrupt import Interrupted, keeping
from napari_selfseg.cli._options._into_image import add_output, settle_output, table_from
from napari_selfseg.cli._options._numbers import distance
from napari_selfseg.cli._options._progress import Shown
from napari_selfseg.cli._options._stack import add_stack, check_along, check_axes, stack_shown
from napari_selfseg.cli._options._tile_options import add_tile_options, in_tiles

if TYPE_CHECKING:
    from napari_selfseg.io import ImageFile
    from napari_selfseg.protocol import Method
    from napari_selfseg.scale import Given, LabelFiles, Recipe, Way

__all__ = ["add"]

# What needs the image as a whole.
WHOLE = (
    "superpixels",
    "mask",
    "scribbles",
    "save_fit",
    "carry",
    "axis",
    "stack_iterations",
    "planes_fitted",
)


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command; its flags are those of the method named in `words`."""
    parser = commands.add_parser("segment", help="segment an image")
    parser.add_argument("image", help="a TIFF, OME-Zarr, PNG, JPEG or other file that is read")
    add_output(parser)
    add_choices(parser, SUPERPIXELS_HELP)
    add_as(
        parser,
        "what the labels are: segments as the method makes them, or objects on one background 0; "
        "without --method, Objects finds them",
    )
    parser.add_argument("--mask", metavar="FILE", help="0 where the image has no data")
    parser.add_argument(
        "--scribbles",
        metavar="FILE",
        help="classes from 1 where drawn, else 0; or annotations of QuPath, .geojson",
    )
    parser.add_argument("--preview", metavar="PNG", help="also write a picture of the labels")
    parser.add_argument(
        "--objects",
        metavar="FILE",
        help="also measure every connected piece of the labels: a table .csv, a map .geojson or "
        ".gpkg, .qupath.geojson for QuPath, ROIs of ImageJ .zip; with --carry a row an object and "
        "plane, .csv",
    )
    parser.add_argument(
        "--simplify",
        type=distance,
        metavar="PIXELS",
        help="with --objects: simplify outlines; neighbours keep one border",
    )
    parser.add_argument("--save-fit", metavar="FILE.safetensors", help="also save what was learned")
    add_opacity(parser)
    add_image_channels(parser)
    add_stack(parser)
    add_tile_options(parser)
    add_run_options(parser)
    parser.set_defaults(command=_run)
    if words[:1] == ["segment"]:
        add_method(parser, words[1:])
        add_finish(parser, parser.get_default("kind").declared())


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.scale import LabelFiles

    settle_output(args)
    if args.simplify and not args.objects:
        raise ValueError("--simplify is for outlines: add --objects FILE.geojson, or leave it out.")
    tiled = in_tiles(args)
    if tiled:
        _check_tiles(args)
    table = table_from(args)
    files = LabelFiles.checked(args.output, args.preview, args.objects, args.save_fit, table)
    return label_large(args, args.image, files) if tiled else _label(args, files)


def _check_tiles(args: argparse.Namespace) -> None:
    if finish_from(args) is not None:
        raise ValueError(
            "Segments are finished as objects in an image as a whole: leave out --memory and "
            "--tile, or --as objects and its sizes."
        )
    if args.segments is not None and method_from(args).blockwise() is None:
        raise ValueError(
            "--segments needs the whole image, but of Consensus without networks: leave it out, or "
            "leave out --memory and --tile."
        )
    for name in WHOLE:
        if getattr(args, name) is not None:
            flag = "--" + name.replace("_", "-")
            raise ValueError(
                f"{flag} needs the whole image: leave it out, or leave out --memory and --tile."
            )


def _label(args: argparse.Namespace, files: LabelFiles) -> int:
    """Label an image as a whole, or plane by plane."""
    from napari_selfseg.io.formats import is_by_blocks
    from napari_selfseg.protocol import objects_in_words
    from napari_selfseg.scale import LabelTask, Observer, do_alone

    on_disk = bool(args.carry) and is_by_blocks(files.labels) and files.table is None
    recipe, shown = _recipe(args, on_disk=on_disk), Shown()
    watch = partial(stack_shown, shown, args.image) if args.carry else shown.watch
    task = LabelTask(
        image=Path(args.image),
        files=files,
        recipe=recipe,
        by_recipe=False,
        opacity=args.opacity,
        simplify=args.simplify or 0.0,
        prepare=partial(_prepared, args, cast("Method", recipe.method)),
        device=args.device,
        threads=args.threads,
        observer=Observer(watch),
    )
    with keeping(lambda: _kept(args.output) if on_disk and shown.begun else ""):
        result = do_alone(task)
    if recipe.finish is not None and sys.stderr.isatty():
        print(objects_in_words(result.labels), file=sys.stderr)
    if shown.interrupted:
        what = "these are" if on_disk else "the labels so far are"
        raise Interrupted(f"Interrupted {shown.interrupted}; {what} in {args.output}.")
    return 1 if result.error else 0


def _recipe(args: argparse.Namespace, *, on_disk: bool) -> Recipe:
    from napari_selfseg.scale import Recipe

    check_along(args)
    if on_disk and args.preview:
        raise ValueError("--preview needs all planes in memory: write a TIFF, or leave it out.")
    return Recipe(
        method_from(args),
        superpixels=algorithm_from(args.superpixels),
        precision=args.precision,
        segments=segments_from(args.segments),
        carry=args.carry,
        axis=args.axis,
        stack_iterations=args.stack_iterations,
        planes_fitted=args.planes_fitted,
        finish=finish_from(args),
        channels=args.image_channels,
    )


def _prepared(args: argparse.Namespace, method: Method, image: ImageFile, way: Way) -> Given:
    """Read what belongs to this image alone; refuse what it cannot be used for."""
    from napari_selfseg.io import read_label_image
    from napari_selfseg.scale import Given

    check_axes(args, method, image)
    given = Given(
        mask=read_label_image(args.mask) if args.mask else None,
        scribbles=read_label_image(args.scribbles, image.shape) if args.scribbles else None,
        superpixels=superpixels_from(args.superpixels, image),
    )
    entire = any(getattr(args, name) is not None for name in WHOLE)
    expect(args, method, image, given, way, entire=entire)
    return given


def _kept(out: str) -> str:
    return f"Interrupted; planes that are done are in {out}, with no record."
