"""Where the labels of an image go: into a file, or into the image itself."""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_selfseg.cli._options._common import Parser

__all__ = ["add_output", "settle_output", "table_from"]


def add_output(parser: Parser, *, table: bool = True) -> None:
    """Add where labels of one image go, and a table of them."""
    parser.add_argument("-o", "--output", metavar="LABELS.tif|LABELS.ome.zarr")
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
    from napari_selfseg.io import labels_in

    _check(args)
    if args.into_image is None:
        if args.output is None:
            raise ValueError(
                "Say where the labels go: -o LABELS.tif, or --into-image NAME in an OME-Zarr image."
            )
        return
    if args.output is not None:
        raise ValueError("The labels go into one place: leave out -o or --into-image.")
    replaced = args.overwrite or getattr(args, "resume", False)
    args.output = str(labels_in(args.image, args.into_image, overwrite=replaced))


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
