"""Small inputs, and a command of each kind that runs on them in a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

__all__ = ["COMMANDS", "METHOD", "TILES", "Command", "Words", "make_inputs"]

QUICK = ["--iterations", "3", "--channels", "6", "--min-labels", "1", "--threads", "1"]
METHOD = ["--method", "backprop", *QUICK, "--device", "cpu"]
TILES = ["--tile", "32", "--samples", "2", "--sample-size", "24"]
Words = list[str]


@dataclass(frozen=True)
class Command:
    """What is run, and how one goes on after it was killed.

    Attributes
    ----------
    words : list of list of str
        One command line after the other.
    again : list of list of str
        The same where there is nothing to resume.
    refusals : tuple of str
        What a line of `again` may be refused with, when that line was through before.
    """

    words: list[Words]
    again: list[Words] = field(default_factory=list)
    refusals: tuple[str, ...] = ()

    @property
    def recovery(self) -> list[Words]:
        """How to go on."""
        return self.again or self.words


def _tiles(*more: str, out: str = "labels.ome.zarr") -> Command:
    words = ["segment", "image.tif", "-o", out, *METHOD, *TILES, *more]
    return Command([words], [[*words, "--resume"]])


def _as_one() -> Command:
    words = ["segment", "long.tif", "-o", "labels.ome.zarr", "--tile", "32"]
    words += ["--method", "consensus", "--threads", "1", "--device", "cpu"]
    return Command([words], [[*words, "--resume"]])


def _plan() -> Command:
    plan = ["plan", "image.tif", "-o", "labels.ome.zarr", "--model", "model.safetensors"]
    lines = [[*plan, "--tile", "32", "--connected", "3"]]
    lines += [["run", "labels.ome.zarr", "--index", str(k), "--of", "2"] for k in range(2)]
    return Command([*lines, ["run", "labels.ome.zarr"]], refusals=("was begun before",))


def _resumed(*words: str) -> Command:
    return Command([list(words)], [[*words, "--resume"]])


WHOLE = ["segment", "image.tif", *METHOD]
ALSO = ["--preview", "p.png", "--objects", "o.csv", "--save-fit", "f.safetensors"]
STACK = ["segment", "stack.tif", "--carry", "warm", *METHOD]
COMMANDS: dict[str, Command] = {
    "segment": Command([[*WHOLE, "-o", "labels.tif", *ALSO]]),
    "segment zarr": Command([[*WHOLE, "-o", "labels.ome.zarr"]] * 2),
    "tiles": _tiles(),
    "tiles connected": _tiles("--connected", "3"),
    "tiles votes connected": _tiles("--votes", "superpixels.tif", "--connected", "3"),
    "tiles to TIFF": _tiles("--connected", "3", out="labels.tif"),
    "tiles as one": _as_one(),
    "stack": Command([[*STACK, "-o", "labels.tif"]]),
    "stack zarr": Command([[*STACK, "-o", "labels.ome.zarr"]]),
    "batch": _resumed("batch", "images", "-o", "out", *METHOD, "--preview", "--objects", "csv"),
    "batch stacks": _resumed(
        "batch", "stack.tif", "-o", "out", "--carry", "warm", "--format", "ome.zarr", *METHOD
    ),
    "plate": _resumed("batch", "plate.zarr", "-o", "out", "--into-image", "cells", *METHOD),
    "plan and run": _plan(),
    "train": _resumed("train", "images", "-o", "m.safetensors", "--checkpoint-every", "1", *METHOD),
    "apply": Command([["apply", "model.safetensors", "images", "-o", "out", "--threads", "1"]]),
    "apply tiles": Command(
        [["apply", "model.safetensors", "image.tif", "-o", "out", "--tile", "32"]],
        [["apply", "model.safetensors", "image.tif", "-o", "out", "--tile", "32", "--resume"]],
    ),
}


def make_inputs(folder: Path, run: Callable[[Words], int]) -> None:
    """Make what the commands read.

    Parameters
    ----------
    folder : pathlib.Path
        An empty one, which is the current one.
    run : callable
        Runs a command line.
    """
    image = _waves(40, 56)
    tifffile.imwrite(folder / "image.tif", image, photometric="rgb")
    # Two blocks of an image that is labelled as one, and few pixels.
    tifffile.imwrite(folder / "long.tif", _waves(30, 600), photometric="rgb")
    stack = np.stack([image[:24, k : k + 32, 0] for k in range(3)])
    tifffile.imwrite(folder / "stack.tif", stack, metadata={"axes": "ZYX"}, imagej=True)
    (folder / "images").mkdir()
    for k in range(2):
        tifffile.imwrite(folder / f"images/{k}.tif", image[:32, 8 * k :][:, :40], photometric="rgb")
    _make_plate(folder / "plate.zarr")
    run(["superpixels", "image.tif", "-o", "superpixels.tif"])
    run(["train", "images", "-o", "model.safetensors", *METHOD])


def _waves(height: int, width: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    rows, columns = np.indices((height, width)) / 6
    waves = np.stack([np.sin(rows), np.cos(columns), np.sin(rows + columns)], axis=-1)
    noise = rng.normal(scale=8, size=waves.shape)
    return (120 + 60 * waves + noise).clip(1, 255).astype(np.uint8)


def _make_plate(path: Path) -> None:
    """Make a plate of 2 x 3 wells with 2 fields each, of OME-Zarr 0.4."""
    # Kept out of the process that is forked.
    import zarr

    wells = [f"{row}/{column}" for row in "AB" for column in "123"]
    listed = {"rows": [{"name": r} for r in "AB"], "columns": [{"name": c} for c in "123"]}
    plate = zarr.open_group(path, mode="w", zarr_format=2)
    plate.attrs.update({"plate": listed | {"wells": [{"path": each} for each in wells]}})
    axes = [{"name": each, "type": "space", "unit": "micrometer"} for each in "yx"]
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [0.5, 0.5]}]}
    for k, name in enumerate(wells):
        well = plate.create_group(name)
        well.attrs.update({"well": {"images": [{"path": "0"}, {"path": "1"}]}})
        for n in range(2):
            field = well.create_group(str(n))
            image = {"version": "0.4", "axes": axes, "datasets": [level]}
            field.attrs.update({"multiscales": [image]})
            field.create_array("0", data=_waves(24 + k, 32)[..., n])
