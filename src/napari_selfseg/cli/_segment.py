"""``napari-selfseg segment IMAGE -o LABELS.tif``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, cast

from napari_selfseg.cli._choices import add_choices, segments_from
from napari_selfseg.cli._common import (
    SUPERPIXELS_HELP,
    Commands,
    add_method,
    add_run_options,
    drain,
    saying_warnings,
    superpixels_from,
    values_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_selfseg.io import ImageFile
    from napari_selfseg.protocol import Method, Run

__all__ = ["add"]


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command; its flags are those of the method named in `words`.

    Parameters
    ----------
    commands : argparse subparsers
        Where to add it.
    words : list of str
        The command line.
    """
    parser = commands.add_parser("segment", help="segment an image")
    parser.add_argument("image", help="a TIFF, PNG or JPEG file")
    parser.add_argument("-o", "--output", required=True, metavar="LABELS.tif")
    add_choices(parser, SUPERPIXELS_HELP)
    parser.add_argument("--mask", metavar="FILE", help="0 where the image has no data")
    parser.add_argument("--scribbles", metavar="FILE", help="classes from 1 where drawn, else 0")
    parser.add_argument("--preview", metavar="PNG", help="also write a picture of the labels")
    parser.add_argument("--save-fit", metavar="FILE.safetensors", help="also save what was learned")
    add_run_options(parser)
    parser.set_defaults(command=_run)
    if words[:1] == ["segment"]:
        add_method(parser, words[1:])


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.io import check_target, read_image, save_fit, write_labels, write_preview
    from napari_selfseg.protocol import evolve

    check_target(args.output, (".tif", ".tiff"))
    if args.preview:
        check_target(args.preview, (".png",))
    if args.save_fit:
        check_target(args.save_fit, (".safetensors",))
    wanted = segments_from(args.segments)
    method = cast("Method", args.kind(**values_of(args, args.kind.declared())))
    image = read_image(args.image)
    options = _options(args, image)
    run = evolve(image.data, method, **options)
    drain(run)
    labels, record = run.labels(), run.record()
    if args.segments:
        n_segments = None if wanted == "auto" else wanted
        labels, record = _cut(run, n_segments, image, options["mask"])
    write_labels(args.output, labels, spacing=image.spacing, unit=image.unit, record=record)
    if args.preview:
        write_preview(args.preview, image.data, labels, channel_axis=image.channel_axis)
    if args.save_fit:
        save_fit(run.fit, args.save_fit)
    return 0


def _cut(
    run: Run, n_segments: int | None, image: ImageFile, mask: Any
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return the consensus of a run in segments, and its record."""
    from napari_selfseg.scale import hierarchy_of, recorded_cut

    with saying_warnings():
        labels = hierarchy_of(run, image, mask).cut(n_segments)
    return labels, recorded_cut(run, labels)


def _options(args: argparse.Namespace, image: ImageFile) -> dict[str, Any]:
    from napari_selfseg.io import read_image

    mask = read_image(args.mask).data if args.mask else image.mask
    return {
        "channel_axis": image.channel_axis,
        "superpixels": superpixels_from(args.superpixels, image),
        "mask": mask,
        "scribbles": read_image(args.scribbles).data if args.scribbles else None,
        "spacing": image.spacing,
        "device": args.device,
        "threads": args.threads,
        "precision": args.precision,
        "name": image.name,
    }
