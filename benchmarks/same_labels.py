"""Do two checkouts make the same labels, bit for bit? Every way to labels is tried in both.

    python benchmarks/same_labels.py --before PATH/TO/OTHER/CHECKOUT [--window]

Every method and superpixel algorithm in a script, the cut of a run, a replay, stacks in three ways
to carry, every command of the command line (whole, stacks, tiles, batches, models), and a run of
the dock (--window). Whatever is timed on a machine to choose the fastest way is forced to one.
A line for each difference, and at the end how many were compared. On a machine without a screen put
`xvfb-run -a -s "-screen 0 1600x1000x24"` in front.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _small import COMMANDS, make_inputs

PROJECT = Path(__file__).resolve().parents[1]
HERE = {"device": "cpu", "threads": 1, "precision": "float32"}
# Ways that are chosen by a timed trial, which need not choose the same twice.
FORCED = {
    "NAPARI_SELFSEG_WEIGHT_GRADIENT": "channels-last",
    "NAPARI_SELFSEG_AUTO_PRECISION": "float32",
}
COMMAND_LINE = "import sys; from napari_selfseg.cli import main; sys.exit(main(sys.argv[1:]))"
SIDE = 72


def main() -> int:
    """Compare, and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True, help="the other checkout")
    parser.add_argument("--window", action="store_true", help="also a run of the dock")
    parser.add_argument("--child", choices=("script", "window"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        found = of_scripts() if args.child == "script" else of_window()
        print(json.dumps({name: digest(labels) for name, labels in found}))
        return 0
    before, now = (labels_of(each, window=args.window) for each in (args.before, PROJECT))
    differ = sorted(name for name in before | now if before.get(name) != now.get(name))
    for name in differ:
        print(f"{name}: {before.get(name, 'not there')} before, {now.get(name, 'not there')} now")
    print(f"{len(before | now)} label maps compared, {len(differ)} differ")
    return bool(differ)


def labels_of(checkout: Path, *, window: bool) -> dict[str, str]:
    """Make all labels with the package of a checkout; return a digest of each."""
    environment = {**os.environ, **FORCED, "PYTHONPATH": str(checkout.resolve() / "src")}
    found = {}
    for what in ("script", "window") if window else ("script",):
        command = [sys.executable, __file__, "--before", str(checkout), "--child", what]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
        found |= json.loads(done.stdout.splitlines()[-1])
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder) / "inputs"
        inputs.mkdir()
        make_inputs(inputs, lambda words: run(words, inputs, environment))
        there = {path.relative_to(inputs) for path in label_files(inputs)}
        for number, (name, command) in enumerate(COMMANDS.items()):
            place = shutil.copytree(inputs, Path(folder) / str(number))
            for words in command.words:
                run(words, place, environment)
            for path in sorted({each.relative_to(place) for each in label_files(place)} - there):
                found[f"{name}: {path}"] = digest(read(place / path))
    return found


def run(words: list[str], folder: Path, environment: dict[str, str]) -> int:
    """Run a command line in a folder."""
    command = [sys.executable, "-c", COMMAND_LINE, *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return 0


def label_files(folder: Path) -> Iterator[Path]:
    """Return every TIFF and OME-Zarr, but nothing inside one, and no notes of work by tiles."""
    for path in folder.iterdir():
        if path.suffix == ".work":
            continue
        if path.suffix in (".tif", ".zarr"):
            yield path
        elif path.is_dir():
            yield from label_files(path)


def read(path: Path) -> np.ndarray:
    """Read labels without the package."""
    if path.suffix == ".tif":
        import tifffile

        return tifffile.imread(path)
    import zarr

    return np.asarray(zarr.open_group(path, mode="r")["0"])


def digest(labels: Any) -> str:
    """Return what tells apart shape, type and every pixel."""
    array = np.ascontiguousarray(labels)
    return hashlib.sha256(f"{array.shape} {array.dtype}".encode() + array.tobytes()).hexdigest()[
        :16
    ]


def of_scripts() -> Iterator[tuple[str, Any]]:
    """Make labels in every way a script can."""
    import napari_selfseg as ss
    from napari_selfseg.catalogue import over_segment

    image = picture((SIDE, SIDE, 3))
    pieces = over_segment(image, ss.Slic(n_segments=60), channel_axis=-1)[0]
    for kind in ss.METHODS:
        known = {each.name for each in kind.declared()}
        few = {"iterations": 3, "channels": 8, "pretraining": 2, "sp_iterations": 2}
        method = kind(**{name: value for name, value in few.items() if name in known})
        run = ss.segment(image, method, channel_axis=-1, name="image", **HERE)
        yield f"script: {kind.name}", run.labels()
        own = None if run.superpixels else pieces
        yield f"script: {kind.name}, in four", run.hierarchy(superpixels=own).cut(4)
        yield f"script: {kind.name}, replayed", ss.replay(run.record(), image)
    for kind in ss.SUPERPIXELS:
        yield f"superpixels: {kind.name}", over_segment(image, kind(), channel_axis=-1)[0]
    stack = picture((4, 40, 40))
    method = ss.Backprop(iterations=4, channels=8)
    for carry in ("independent", "warm", "joint"):
        yield f"stack: {carry}", ss.over_stack(stack, method, carry=carry, **HERE).finish().out
    yield "volume", ss.segment(stack, method, **HERE).labels()


def of_window() -> Iterator[tuple[str, Any]]:
    """Press Run in the dock: as it opens, for objects, with a slider, and on a stack."""
    from napari_selfseg import Backprop

    for name, prepare in {
        "as it opens": lambda setup: None,
        "objects": lambda setup: setup.goal.for_objects.click(),
        "objects of a method": lambda setup: (few(setup, Backprop), setup.goal.for_objects.click()),
    }.items():
        (labels,) = ran(picture((SIDE, SIDE, 3)), prepare)
        yield f"window: {name}", labels
    labels, coarser = ran(picture((SIDE, SIDE, 3)), lambda setup: few(setup, Backprop), slide=True)
    yield "window: a method", labels
    yield "window: its slider, in twelve", coarser
    for way in ("independent", "warm", "joint"):
        (labels,) = ran(picture((4, 40, 40)), lambda setup, way=way: whole(setup, Backprop, way))
        yield f"window: a stack, {way}", labels


def few(setup: Any, kind: type) -> None:
    """Choose a method, and few updates."""
    setup.method.choose(kind)
    setup.fill({"iterations": 4, "channels": 8, "min_labels": 1})


def whole(setup: Any, kind: type, way: str) -> None:
    """Choose every plane of a stack, one after another or together."""
    few(setup, kind)
    setup.stack.part.choose("whole")
    setup.stack.way.choose(way)


def ran(image: Any, prepare: Any, *, slide: bool = False) -> Iterator[Any]:
    """Run a new dock on an image; return its labels, and those of its slider at twelve."""
    from _window import opened, wait_until

    axes = None if image.shape[-1] == 3 else ("t", "y", "x")
    viewer, dock = opened(image, axis_labels=axes)
    setup = dock.view.setup
    setup.precision.choose("float32")
    prepare(setup)
    dock.start()
    wait_until(lambda: dock.live)
    wait_until(lambda: not dock.live)
    layer = next(each for each in viewer.layers if type(each).__name__ == "Labels")
    yield np.asarray(layer.data).copy()
    if slide:
        shown = dock.view.controls.shown
        shown.segments.click()
        wait_until(shown.granularity.borders.isEnabled)
        shown.granularity.number.setValue(12)
        wait_until(lambda: len(np.unique(layer.data)) == 12)
        yield np.asarray(layer.data).copy()
    viewer.close()


def picture(shape: tuple[int, ...]) -> np.ndarray:
    """Draw waves with noise."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices(shape[:2] if shape[-1] == 3 else shape[-2:])
    waves = 60 * np.sin(rows / 7) + 60 * np.sin(columns / 11)
    waves = waves[..., None] if shape[-1] == 3 else waves
    return (125 + waves + rng.normal(scale=8, size=shape)).clip(1, 255).astype(np.uint8)


if __name__ == "__main__":
    raise SystemExit(main())
