"""``napari-selfseg replay FILE -o OUT``: make recorded labels again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_selfseg.cli._options._common import Commands

if TYPE_CHECKING:
    from napari_selfseg.io import ImageFile

__all__ = ["add"]


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command."""
    parser = commands.add_parser("replay", help="make recorded labels again")
    parser.add_argument("file", help="a labels file written by napari-selfseg")
    parser.add_argument("--image", metavar="PATH", help="the image, when it is not where it was")
    parser.add_argument("-o", "--output", required=True, metavar="LABELS.tif|LABELS.ome.zarr")
    parser.set_defaults(command=_run)


def _run(args: argparse.Namespace) -> int:
    from napari_selfseg.io import alone, check_labels_target, read_record, write_labels
    from napari_selfseg.record import software
    from napari_selfseg.replaying import replay
    from napari_selfseg.scale import LabelFiles, replay_stack

    check_labels_target(args.output)
    record = read_record(args.file)
    _note_versions(record["software"], software())
    path = args.image or _recorded_path(record, Path(args.file).parent)
    LabelFiles(Path(args.output)).check_apart(path)
    image = _image(path, record)
    with alone(args.output):
        if "stack" in record:
            labels = replay_stack(record, image.data, mask=image.seen())
        else:
            labels = replay(record, image.data)
        again = {**record, "software": software()}
        write_labels(args.output, labels, record=again, **image.place)
    return 0


def _image(path: str | Path, record: Mapping[str, Any]) -> ImageFile:
    """Read the image with as many channels as were used, of which one may be called opacity."""
    from napari_selfseg.io import read_image

    shapes = [list(each["shape"]) for each in record["images"]]
    if record.get("channels"):
        how = record.get("opacity", "mask")  # numbers count what is a channel then
        return read_image(path, opacity=how, channels=record["channels"])
    image = read_image(path, opacity="channel")
    return image if list(image.data.shape) in shapes else read_image(path)


def _recorded_path(record: Mapping[str, Any], folder: Path) -> Path:
    if len(record["images"]) != 1:
        raise ValueError("This run was fitted to several images: replay it from Python.")
    named = Path(record["images"][0]["name"])
    for path in (named, folder / named, folder / named.name):
        if path.exists():
            return path
    raise ValueError(f"The image {named} is not there: say where it is with --image.")


def _note_versions(recorded: Mapping[str, str], here: Mapping[str, str]) -> None:
    other = [
        f"{name} {recorded.get(name, 'missing')} (here {version})"
        for name, version in here.items()
        if recorded.get(name) != version
    ]
    if other:
        print(f"Labels may differ: recorded with {', '.join(other)}.", file=sys.stderr)
