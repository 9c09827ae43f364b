"""``napari-selfseg segment IMAGE -o LABELS``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from napari_selfseg.cli._files import Files, with_opacity, write_files
from napari_selfseg.cli._large import label_large
from napari_selfseg.cli._messages._expected import expect_run, expect_stack
from napari_selfseg.cli._options._choices import add_choices, segments_from
from napari_selfseg.cli._options._common import (
    SUPERPIXELS_HELP,
    Commands,
    add_method,
    add_opacity,
    add_run_options,
    drain,
    superpixels_from,
    values_of,
)
from napari_selfseg.cli._options._interrupt import Interrupted, keeping
from napari_selfseg.cli._options._stack import (
    add_stack,
    check_stack,
    check_volume,
    interrupted_at,
    segmented_stack,
)
from napari_selfseg.cli._options._tile_options import add_tile_options, in_tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_selfseg.io import ImageFile
    from napari_selfseg.protocol import Method, Run
    from napari_selfseg.scale import StackRun

__all__ = ["add"]

# What needs the image as a whole.
WHOLE = (
    "segments",
    "superpixels",
    "mask",
    "scribbles",
    "preview",
    "objects",
    "save_fit",
    "carry",
)


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
    parser.add_argument("image", help="a TIFF, OME-Zarr, PNG or JPEG file")
    parser.add_argument("-o", "--output", required=True, metavar="LABELS.tif|LABELS.ome.zarr")
    add_choices(parser, SUPERPIXELS_HELP)
    parser.add_argument("--mask", metavar="FILE", help="0 where the image has no data")
    parser.add_argument("--scribbles", metavar="FILE", help="classes from 1 where drawn, else 0")
    parser.add_argument("--preview", metavar="PNG", help="also write a picture of the labels")
    parser.add_argument(
        "--objects",
        metavar="FILE.csv|FILE.geojson",
        help="also measure every connected piece of the labels, as a table or as polygons",
    )
    parser.add_argument("--save-fit", metavar="FILE.safetensors", help="also save what was learned")
    add_opacity(parser)
    add_stack(parser)
    add_tile_options(parser)
    add_run_options(parser)
    parser.set_defaults(command=_run)
    if words[:1] == ["segment"]:
        add_method(parser, words[1:])


class Result(NamedTuple):
    """What is written, whether it is all that was asked for, and how far it was interrupted."""

    labels: NDArray[Any]
    record: dict[str, Any]
    run: Run | StackRun
    whole: bool
    interrupted: str = ""


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.io import alone
    from napari_selfseg.io.formats import is_by_blocks

    if in_tiles(args):
        _check_tiles(args)
        return label_large(args, args.image, args.output)
    _check_targets(args)
    others = (getattr(args, name) for name in ("objects", "preview", "save_fit"))
    with alone(args.output, *filter(None, others)):
        on_disk = args.carry and is_by_blocks(args.output)
        return _stack_on_disk(args) if on_disk else _in_memory(args)


def _in_memory(args: argparse.Namespace) -> int:
    from napari_selfseg.io import read_image

    segments = segments_from(args.segments)
    n_segments = None if segments == "auto" else segments
    method = cast("Method", args.kind(**values_of(args, args.kind.declared())))
    image = read_image(args.image, opacity=args.opacity)
    found = (
        _of_stack(args, method, image) if args.carry else _of_image(args, method, image, n_segments)
    )
    files = Files(args.output, args.preview, args.objects, args.save_fit)
    fit = found.run.fit if args.save_fit else None
    write_files(files, image, found.labels, with_opacity(found.record, args), fit)
    if found.interrupted:
        raise Interrupted(
            f"Interrupted {found.interrupted}; the labels so far are in {args.output}."
        )
    return 0 if found.whole else 1


def _check_tiles(args: argparse.Namespace) -> None:
    for name in WHOLE:
        if getattr(args, name) is not None:
            flag = "--" + name.replace("_", "-")
            raise ValueError(
                f"{flag} needs the whole image: leave it out, or leave out --memory and --tile."
            )


def _stack_on_disk(args: argparse.Namespace) -> int:
    """Segment a stack from one file into another, a plane at a time."""
    from napari_selfseg.io import finish_labels, open_image, save_fit
    from napari_selfseg.scale import create_stack_labels

    for flag in ("objects", "preview"):
        if getattr(args, flag):
            raise ValueError(f"--{flag} needs all planes in memory: write a TIFF, or leave it out.")
    method = cast("Method", args.kind(**values_of(args, args.kind.declared())))
    image = open_image(args.image, opacity=args.opacity)
    check_stack(args, image)
    options = _options(args, image)
    expect_stack(args, method, image, options)
    with keeping(
        lambda: f"Interrupted; planes that are done are in {args.output}, with no record."
    ):
        out = create_stack_labels(args.output, image, method, args.carry)
        run = segmented_stack(args, method, image, options, out)
        if args.save_fit:
            save_fit(run.fit, args.save_fit)
        finish_labels(args.output, record=with_opacity(run.record(), args))
    if at := interrupted_at(run):
        raise Interrupted(f"Interrupted {at}; these are in {args.output}.")
    return 1 if run.failed else 0


def _of_stack(args: argparse.Namespace, method: Method, image: ImageFile) -> Result:
    check_stack(args, image)
    options = _options(args, image)
    expect_stack(args, method, image, options)
    run = segmented_stack(args, method, image, options)
    return Result(run.out, run.record(), run, not run.failed, interrupted_at(run))


def _of_image(
    args: argparse.Namespace, method: Method, image: ImageFile, n_segments: int | None
) -> Result:
    from napari_selfseg.protocol import evolve

    check_volume(args, method, image)
    options = _options(args, image)
    entire = any(getattr(args, name) is not None for name in WHOLE)
    expect_run(args, method, image, options, entire=entire)
    run = evolve(image.data, method, **options)
    through = drain(run)
    at = "" if through else f"after {run.iteration} of {method.iterations} iterations"
    if not args.segments:
        return Result(run.labels(), run.record(), run, True, at)
    return Result(*_cut(run, n_segments, image, options["mask"]), run, True, at)


def _check_targets(args: argparse.Namespace) -> None:
    from napari_selfseg.io import OBJECTS, check_labels_target, check_target

    check_labels_target(args.output)
    others = {"objects": OBJECTS, "preview": (".png",), "save_fit": (".safetensors",)}
    for name, suffixes in others.items():
        if getattr(args, name):
            check_target(getattr(args, name), suffixes)


def _cut(
    run: Run, n_segments: int | None, image: ImageFile, mask: Any
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return the consensus of a run in segments, and its record."""
    from napari_selfseg.scale import hierarchy_of, recorded_cut

    labels = run.outlined(hierarchy_of(run, image, mask).cut(n_segments))
    return labels, recorded_cut(run, labels)


def _options(args: argparse.Namespace, image: ImageFile) -> dict[str, Any]:
    from napari_selfseg.io import read_label_image

    mask = read_label_image(args.mask) if args.mask else image.seen()
    return {
        "channel_axis": image.channel_axis,
        "superpixels": superpixels_from(args.superpixels, image),
        "mask": mask,
        "scribbles": read_label_image(args.scribbles) if args.scribbles else None,
        "spacing": image.spacing,
        "device": args.device,
        "threads": args.threads,
        "precision": args.precision,
        "name": image.name,
    }
