"""Where the labels of an image go: into a file, or into the image itself."""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_selfseg.cli._options._common import Parser

__all__ = [
    "add_into_image",
    "add_output",
    "check_place",
    "place_in",
    "settle_output",
    "table_from",
]


def add_output(parser: Parser, *, table: bool = True) -> None:
    """Add where labels of one image go, and a table of them."""
    parser.add_argument("-o", "--output", metavar="LABELS.tif|LABELS.ome.zarr")
    add_into_image(parser, table=table)


def add_into_image(parser: Parser, *, table: bool = False) -> None:
    """Add the name of labels in their image."""
    parser.add_argument(
        "--into-image",
        metavar="NAME",
        help="write the labels into the OME-Zarr image itself, as labels/NAME",
    )
    if table:
        parser.add_argument(
            "--table",
            metavar="NAME",
            help="with --into-image: also measure the labels, as tables/NAME in the image (ngio)",
        )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help=f"replace labels {'and a table of these names' if table else 'of this name'} which "
        "this program wrote",
    )


def settle_output(args: argparse.Namespace) -> None:
    """Name the place of the labels in `args.output`, and make room for them in their image.

    Raises
    ------
    ValueError
        When no place is named, or two.
    OSError
        When labels of that name are in the image already, and nobody asked to replace them.
    """
    check_place(args, "-o LABELS.tif")
    if args.into_image is not None:
        args.output = str(place_in(args, args.image))


def check_place(args: argparse.Namespace, output: str) -> None:
    """Refuse no place for labels, and two of them; `output` is how a file or folder is given."""
    _check(args)
    if args.into_image is None and args.output is None:
        raise ValueError(
            f"Say where the labels go: {output}, or --into-image NAME in an OME-Zarr image."
        )
    if args.into_image is not None and args.output is not None:
        raise ValueError("The labels go into one place: leave out -o or --into-image.")


def place_in(args: argparse.Namespace, image: str | Path) -> Path:
    """Make room for labels in their image; OSError where some are there and may not be replaced."""
    from napari_selfseg.io import labels_in

    replaced = args.overwrite or getattr(args, "resume", False)
    return labels_in(image, args.into_image, overwrite=replaced)


def table_from(args: argparse.Namespace) -> Path | None:
    """Make room for the table before any work; None where nobody asked for one."""
    from napari_selfseg.io import table_in

    if args.table is None:
        return None
    return table_in(args.image, args.table, overwrite=args.overwrite)


def _check(args: argparse.Namespace) -> None:
    for flag in ("overwrite", "table"):
        if getattr(args, flag, None) and args.into_image is None:
            raise ValueError(f"--{flag} is for --into-image NAME: leave it out, or name labels.")
