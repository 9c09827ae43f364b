"""``napari-selfseg apply MODEL.safetensors IMAGES... -o DIR``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from napari_selfseg.cli._common import (
    SUPERPIXELS_HELP,
    Commands,
    check_still,
    placed,
    superpixels_from,
)
from napari_selfseg.cli._large import add_tile_options, label_large

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_selfseg.io import ImageFile
    from napari_selfseg.protocol import Fit

__all__ = ["add"]


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command.

    Parameters
    ----------
    commands : argparse subparsers
        Where to add it.
    words : list of str
        The command line.
    """
    parser = commands.add_parser("apply", help="label images with a model, the same ids in all")
    parser.add_argument("model", help="from `train`, or from `segment --save-fit`")
    parser.add_argument(
        "images", nargs="+", help="TIFF, OME-Zarr, PNG or JPEG files, or folders of them"
    )
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="made where missing")
    parser.add_argument("--zarr", action="store_true", help="write OME-Zarr in place of TIFF")
    parser.add_argument(
        "--superpixels",
        metavar="NAME[:FIELD=VALUE,...]",
        help=f"give each superpixel one label: {SUPERPIXELS_HELP}",
    )
    add_tile_options(parser, learning=False)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps.")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; all by default.")
    parser.set_defaults(command=_run)


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.io import load_fit
    from napari_selfseg.scale import files_of

    fit = load_fit(args.model)
    zarr = bool(args.zarr or args.memory or args.tile)
    targets = _targets(files_of(args.images), Path(args.output), zarr)
    Path(args.output).mkdir(parents=True, exist_ok=True)
    failed = [path for path, target in targets.items() if not _done(args, fit, path, target)]
    if failed:
        print(f"{len(targets) - len(failed)} of {len(targets)} images done.", file=sys.stderr)
    return 1 if failed else 0


def _targets(files: list[Path], folder: Path, zarr: bool) -> dict[Path, Path]:
    """Say where the labels of each image go, before any work is done."""
    found = {path: folder / _name(path, zarr) for path in files}
    for path, target in found.items():
        if target.resolve() == path.resolve():
            raise ValueError(f"{path.name} would be overwritten: choose another folder.")
    twice = [path for path in found if list(found.values()).count(found[path]) > 1]
    if twice:
        raise ValueError(
            f"{' and '.join(map(str, twice[:2]))} have one name: apply the model folder by folder."
        )
    return found


def _name(path: Path, zarr: bool) -> str:
    return f"{path.stem.removesuffix('.ome')}.ome.zarr" if zarr else f"{path.stem}.tif"


def _done(args: argparse.Namespace, fit: Fit, path: Path, target: Path) -> bool:
    """Label one image; say in a sentence why that did not work, and go on."""
    from napari_selfseg.io import read_image, write_labels
    from napari_selfseg.scale import applied

    try:
        if args.memory or args.tile:
            return label_large(args, str(path), str(target), fit) == 0
        image = read_image(path)
        if fit.ndim == 3 or len(image.shape) > 3:
            check_still(image)
        labels, record = applied(
            fit,
            image.data,
            channel_axis=image.channel_axis,
            mask=image.mask,
            superpixels=_voting(args.superpixels, image),
            device=args.device,
            threads=args.threads,
            name=image.name,
        )
        record["superpixels"] = args.superpixels
        write_labels(target, labels, record=record, **placed(image))
    except (ValueError, OSError, RuntimeError, MemoryError) as error:
        print(f"napari-selfseg: {path}: {' '.join(str(error).split())}", file=sys.stderr)
        return False
    return True


def _voting(text: str | None, image: ImageFile) -> NDArray[np.int32] | None:
    from napari_selfseg.catalogue import over_segment

    given = superpixels_from(text, image)
    if given is None:
        return None
    labels, _ = over_segment(
        image.data,
        given,
        channel_axis=image.channel_axis,
        mask=image.mask,
        spacing=image.spacing,
    )
    return labels
