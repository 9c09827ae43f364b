"""``napari-selfseg superpixels IMAGE -o LABELS``, or ``--into-image NAME``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_selfseg.cli._options._common import (
    SUPERPIXELS_HELP,
    Commands,
    add_image_channels,
    add_opacity,
    check_still,
    superpixels_from,
)
from napari_selfseg.cli._options._into_image import add_output, settle_output

if TYPE_CHECKING:
    from napari_selfseg.io import ImageFile

__all__ = ["add"]


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command."""
    parser = commands.add_parser("superpixels", help="cut an image into superpixels")
    parser.add_argument("image", help="a TIFF, OME-Zarr, PNG, JPEG or other file that is read")
    add_output(parser, table=False)
    parser.add_argument(
        "--superpixels",
        default="slic",
        metavar="NAME[:FIELD=VALUE,...]",
        help=f"{SUPERPIXELS_HELP}; slic by default",
    )
    add_opacity(parser)
    add_image_channels(parser)
    parser.add_argument("--preview", metavar="PNG", help="also write a picture of them")
    parser.set_defaults(command=_run)


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.catalogue import over_segment
    from napari_selfseg.io import alone, list_labels, read_image
    from napari_selfseg.scale import LabelFiles, write_files

    settle_output(args)
    files = LabelFiles.checked(args.output, args.preview)
    files.check_apart(args.image)
    with alone(files.labels, *files.others):
        image = read_image(args.image, opacity=args.opacity, channels=args.image_channels)
        check_still(image)
        algorithm = superpixels_from(args.superpixels, image)
        _check_axes(algorithm, image)
        labels, record = over_segment(
            image.data,
            algorithm,
            channel_axis=image.channel_axis,
            mask=image.seen(),
            spacing=image.spacing,
            name=image.name,
        )
        if args.opacity == "channel":
            record["opacity"] = args.opacity
        if args.image_channels:
            record["channels"] = list(args.image_channels)
        write_files(files, image, labels, record)
        list_labels(files.labels)
    print(f"{labels.max()} superpixels")
    return 0


def _check_axes(algorithm: Any, image: ImageFile) -> None:
    """Refuse an image that has more or fewer axes than an algorithm works on."""
    from napari_selfseg.superpixels import Superpixels

    n = len(image.shape)
    if isinstance(algorithm, Superpixels) and n not in algorithm.ndims:
        works = " and ".join(f"{each}-D" for each in algorithm.ndims)
        raise ValueError(
            f"{Path(image.name).name} has {n} spatial axes, and {algorithm.title} works on {works} "
            "images: choose another algorithm, or give one plane."
        )
