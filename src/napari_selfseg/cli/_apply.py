"""``napari-selfseg apply MODEL.safetensors IMAGES... -o DIR``, or ``--into-image NAME``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_selfseg.cli._large import label_large
from napari_selfseg.cli._messages._sentences import in_a_line, sentence_of
from napari_selfseg.cli._options._common import (
    IMAGES_HELP,
    SUPERPIXELS_HELP,
    Commands,
    add_image_channels,
    add_opacity,
    algorithm_from,
    check_still,
    superpixels_from,
)
from napari_selfseg.cli._options._finishing import add_as, add_finish, finish_from
from napari_selfseg.cli._options._interrupt import keeping
from napari_selfseg.cli._options._into_image import add_into_image, check_place, place_in
from napari_selfseg.cli._options._numbers import whole
from napari_selfseg.cli._options._tile_options import add_tile_options, in_tiles
from napari_selfseg.machine.processes import MOST_THREADS
from napari_selfseg.outlines import OUTLINES

if TYPE_CHECKING:
    from napari_selfseg.io import ImageFile
    from napari_selfseg.protocol import Fit
    from napari_selfseg.scale import Given, LabelTask, Way

__all__ = ["add"]


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command."""
    parser = commands.add_parser("apply", help="label images with a model, the same ids in all")
    parser.add_argument("model", help="from `train`, or from `segment --save-fit`")
    parser.add_argument("images", nargs="+", help=IMAGES_HELP)
    parser.add_argument("-o", "--output", metavar="DIR", help="made where missing")
    add_into_image(parser)
    parser.add_argument("--zarr", action="store_true", help="write OME-Zarr in place of TIFF")
    parser.add_argument(
        "--superpixels",
        metavar="NAME[:FIELD=VALUE,...]",
        help=f"give each superpixel one label: {SUPERPIXELS_HELP}",
    )
    parser.add_argument(
        "--outlines",
        choices=OUTLINES,
        help="what the borders of labels follow; as the model says by default",
    )
    add_as(parser, "what the labels are: as the model makes them, or objects on one background 0")
    add_finish(parser)
    add_opacity(parser)
    add_image_channels(parser)
    add_tile_options(parser, learning=False)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps.")
    parser.add_argument(
        "--threads", type=whole(1, MOST_THREADS), metavar="N", help="CPU threads; all by default."
    )
    parser.set_defaults(command=_run)


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.io import load_fit

    check_place(args, "-o DIR")
    if in_tiles(args):
        _check_tiles(args)
    fit = load_fit(args.model)
    if args.outlines is not None:
        fit = replace(fit, method=fit.method.replace(outlines=args.outlines))
    pairs = _pairs(args)
    done, tidied = list[bool](), set[Path]()
    with keeping(lambda: f"Interrupted; {sum(done)} of {len(pairs)} images are done."):
        for path, target in pairs:
            # Each folder is tidied once, and not for every image.
            tidy = target.parent not in tidied
            tidied.add(target.parent)
            done.append(_done(args, fit, path, target, tidy))
    if not all(done):
        print(f"{sum(done)} of {len(done)} images done.", file=sys.stderr)
    return 0 if all(done) else 1


def _check_tiles(args: argparse.Namespace) -> None:
    if finish_from(args) is not None:
        raise ValueError(
            "Labels are finished as objects in an image as a whole: leave out --memory and --tile, "
            "or --as objects."
        )
    if args.superpixels is not None:
        raise ValueError(
            "--superpixels are made of the whole image: leave out --memory and --tile, or give "
            "--votes LABELS, superpixels in a file."
        )


def _pairs(args: argparse.Namespace) -> list[tuple[Path, Path]]:
    """Return each image, and where its labels go."""
    from napari_selfseg.io.formats import OME_ZARR, TIFF
    from napari_selfseg.scale import sources, targets_of

    folder = Path(args.output) if args.output is not None else None
    found = sources(args.images, folder)
    paths = [Path(each.title) for each in found]
    if folder is None:
        return [(path, place_in(args, path)) for path in paths]
    zarr = bool(args.zarr or in_tiles(args))
    targets = targets_of(found, folder, (OME_ZARR if zarr else TIFF).suggested)
    return list(zip(paths, targets, strict=True))


def _done(args: argparse.Namespace, fit: Fit, path: Path, target: Path, tidy: bool) -> bool:
    """Label one image; say in a sentence why that did not work, and go on."""
    from napari_selfseg.scale import LabelFiles, do_alone

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if in_tiles(args):
            return label_large(args, str(path), LabelFiles.checked(target), fit) == 0
        do_alone(_task(args, fit, path, target), tidy=tidy)
    except (ValueError, OSError, RuntimeError, MemoryError) as error:
        print(in_a_line(f"napari-selfseg: {path}: {sentence_of(error)}"), file=sys.stderr)
        return False
    return True


def _task(args: argparse.Namespace, fit: Fit, path: Path, target: Path) -> LabelTask:
    from napari_selfseg.scale import LabelFiles, LabelTask, Recipe

    return LabelTask(
        image=path,
        files=LabelFiles(target),
        recipe=Recipe(
            model=args.model,
            superpixels=algorithm_from(args.superpixels),
            finish=finish_from(args),
            channels=args.image_channels,
        ),
        by_recipe=False,
        opacity=args.opacity,
        fit=fit,
        prepare=partial(_prepared, args, fit),
        device=args.device,
        threads=args.threads,
    )


def _prepared(args: argparse.Namespace, fit: Fit, image: ImageFile, way: Way) -> Given:
    from napari_selfseg.scale import Given

    if fit.ndim == 3 or len(image.shape) > 3:
        check_still(image)
    return Given(superpixels=superpixels_from(args.superpixels, image))
