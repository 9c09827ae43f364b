"""``napari-selfseg demo``: a run on a sample image, live in napari or into files."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path

from napari_selfseg.cli._options._common import Commands
from napari_selfseg.cli._options._interrupt import Interrupted
from napari_selfseg.cli._options._progress import Shown

__all__ = ["add"]

SAMPLE = "histology"
ITERATIONS = 60
FILES = ("image.png", "labels.tif", "preview.png")


def add(commands: Commands, words: list[str]) -> None:
    """Declare the command."""
    parser = commands.add_parser("demo", help="watch a run on a sample image")
    parser.add_argument("--headless", action="store_true", help="write files, open no window")
    parser.add_argument(
        "--out",
        default="napari-selfseg-demo",
        metavar="DIR",
        help="folder for the files without a window",
    )
    parser.set_defaults(command=_run)


def _run(args: argparse.Namespace) -> int:
    reason = "" if args.headless else _why_no_window()
    if args.headless or reason:
        if reason:
            print(f"{reason}: writing files instead.", file=sys.stderr)
        return _into_files(Path(args.out))
    from napari_selfseg.widgets.demo import run_demo

    run_demo()
    return 0


def _why_no_window() -> str:
    if importlib.util.find_spec("napari") is None:
        return "napari is not installed (pip install 'napari-selfseg[all]')"
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not screen:
        return "There is no display"
    return ""


def _into_files(folder: Path) -> int:
    from napari_selfseg.catalogue import default_method
    from napari_selfseg.io import (
        alone,
        write_labels,
        write_picture,
        write_preview,
        written_together,
    )
    from napari_selfseg.protocol import evolve
    from napari_selfseg.samples import load
    from napari_selfseg.work import follow

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"The folder {folder} cannot be made: {error.strerror}.") from None
    with alone(folder / FILES[0]):
        image = load(SAMPLE)
        picture, labels, preview = (folder / name for name in FILES)
        method = default_method().replace(iterations=ITERATIONS)
        run = evolve(image, method, channel_axis=-1, name=picture.name)
        shown = Shown()
        follow(run, shown.watch)
        with written_together(picture, preview, labels) as places:
            write_picture(places[0], image)
            write_preview(places[1], image, run.labels(), channel_axis=-1)
            write_labels(places[2], run.labels(), record=run.record())
    print(
        run.stop_reason, *(f"{path.stem}: {path.resolve()}" for path in (labels, preview)), sep="\n"
    )
    if shown.interrupted:
        raise Interrupted(f"Interrupted {shown.interrupted}.")
    return 0
