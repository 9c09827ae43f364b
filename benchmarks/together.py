"""Several processes on one output: tiles done twice, and what each process says.

    python benchmarks/together.py [--rounds N]

All processes of a trial are forks of one that has imported everything, and start at the same
moment. One in three rounds kills the first of them on its way. Linux and macOS.
"""

from __future__ import annotations

import argparse
import collections
import os
import re
import shutil
import signal
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import tifffile
from _small import METHOD, TILES, Words, make_inputs
from kills import forked, ran, seen, warm_up

PLAN = ["plan", "wide.tif", "-o", "l.ome.zarr", "--model", "model.safetensors"]
PLAN += ["--tile", "32", "--connected", "3"]
SEGMENT = ["segment", "image.tif", *METHOD]
STACK = ["segment", "stack.tif", "--carry", "warm", *METHOD]
TRIALS: dict[str, tuple[list[Words], list[Words], str]] = {
    "run, three": ([PLAN], [["run", "l.ome.zarr"]] * 3, "l.ome.zarr.work"),
    "run --index 0 of 1, three": (
        [PLAN],
        [["run", "l.ome.zarr", "--index", "0"]] * 3,
        "l.ome.zarr.work",
    ),
    "segment tiles": ([], [[*SEGMENT, *TILES, "-o", "l.ome.zarr"]] * 2, "l.ome.zarr.work"),
    "segment to TIFF": ([], [[*SEGMENT, "-o", "l.tif"]] * 2, ""),
    "stack": (
        [],
        [["segment", "stack.tif", "--carry", "warm", *METHOD, "-o", "l.ome.zarr"]] * 2,
        "",
    ),
    "batch": ([], [["batch", "images", "-o", "out", *METHOD]] * 2, ""),
    "train": ([], [["train", "images", "-o", "m.safetensors", *METHOD]] * 2, ""),
}
DONE = re.compile(r"(\w+): tile (\d+) done by")


def started(folder: Path, words: Words, begin: float) -> int:
    """Fork a command that begins at a moment; return its number."""
    child = os.fork()
    if child == 0:

        def work() -> int:
            os.chdir(folder)
            time.sleep(max(0, begin - time.time()))
            return ran([words])

        os._exit(forked(work, folder.parent / "said.txt") % 256)
    return child


def doubled(log: Path) -> tuple[int, int]:
    """Return how many tiles were done, and how many of them twice."""
    counts = collections.Counter(DONE.findall(log.read_text()) if log.exists() else ())
    return len(counts), sum(count > 1 for count in counts.values())


def tried(inputs: Path, name: str, kill: bool) -> str:
    """Start a trial, wait for all; return what became of it."""
    before, lines, work = TRIALS[name]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "run")
        shutil.copytree(inputs, folder)
        said = folder.parent / "said.txt"

        def prepare() -> int:
            os.chdir(folder)
            return ran(before)

        assert forked(prepare, said) == 0, said.read_text()
        children = [started(folder, words, time.time() + 0.2) for words in lines]
        if kill:
            time.sleep(0.8)
            # The fork that works is the child of the one that waits for it.
            for process in psutil.Process(children[0]).children():
                process.send_signal(signal.SIGKILL)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        done, twice = doubled(folder / work / "log.txt") if work else (0, 0)
        left = [each for each in seen(folder) if each.endswith((".part", ".claim", ".partial"))]
        refused = said.read_text().count("by another process")
    return f"exit codes {codes}, refused {refused}, {done} tiles, {twice} twice, {left=}"


def main() -> None:
    """Print a line a trial."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    warm_up()
    with tempfile.TemporaryDirectory() as place:
        inputs = Path(place, "inputs")
        inputs.mkdir()

        def work() -> int:
            os.chdir(inputs)
            make_inputs(inputs, lambda words: ran([words]))
            wide(inputs)
            return 0

        assert forked(work, Path(place, "said.txt")) == 0, Path(place, "said.txt").read_text()
        for name in TRIALS:
            for number in range(args.rounds):
                kill = number % 3 == 2
                print(f"{name}{', one killed' * kill}: {tried(inputs, name, kill)}", flush=True)


def wide(folder: Path) -> None:
    """Write an image of many tiles."""
    image = np.random.default_rng(0).integers(0, 255, (160, 256, 3), np.uint8)
    tifffile.imwrite(folder / "wide.tif", image, photometric="rgb", tile=(32, 32))


if __name__ == "__main__":
    main()
