"""Ctrl-C once, Ctrl-C twice and SIGTERM in each command: exit code, last line, what is left.

    python benchmarks/interrupts.py [--only COMMAND ...] [--signals SIGNAL ...]

Each trial is a process of its own, with a terminal or with pipes, whose group is sent the signals
as a terminal and a cluster send them: once it has used so many seconds of processor time, so that
a busy machine changes nothing. Linux and macOS.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
import tifffile
from _small import METHOD, Words, make_inputs

LONG = [*METHOD, "--iterations", "100000"]
SIGNALS = {
    "Ctrl-C": [signal.SIGINT],
    "Ctrl-C twice": [signal.SIGINT, signal.SIGINT],
    "SIGTERM": [signal.SIGTERM],
    "kill -9 of the parent": [signal.SIGKILL],
}
START = [sys.executable, "-c", "from napari_selfseg.cli import main; raise SystemExit(main())"]
TILES = ["--tile", "32"]
MODEL = ["--model", "model.safetensors"]
# Seconds of processor time that importing takes, at least; what comes after is at work.
IMPORTED = 5.0


class Trial(NamedTuple):
    """A command that takes long, and when it is interrupted.

    Attributes
    ----------
    words : list of str
        After ``napari-selfseg``.
    before : list of list of str
        Commands that prepare it.
    cpu : float
        Seconds of processor time at which the signal comes.
    terminal : bool
        Whether standard error is one.
    """

    words: Words
    before: tuple[Words, ...] = ()
    cpu: float = IMPORTED
    terminal: bool = False


def _wide(*words: str) -> Words:
    return ["segment", "wide.tif", "-o", "l.ome.zarr", *METHOD, *TILES, *words]


PLAN = (["plan", "wide.tif", "-o", "l.ome.zarr", *MODEL, *TILES],)
TRIALS: dict[str, Trial] = {
    "starting": Trial(["segment", "image.tif", "-o", "l.tif", *LONG], cpu=0.4),
    "importing torch": Trial(["segment", "image.tif", "-o", "l.tif", *LONG], cpu=1.2),
    "importing the rest": Trial(["segment", "image.tif", "-o", "l.tif", *LONG], cpu=2.2),
    "segment": Trial(["segment", "image.tif", "-o", "l.tif", *LONG]),
    "segment, terminal": Trial(["segment", "image.tif", "-o", "l.tif", *LONG], terminal=True),
    "segment, tiles learning": Trial(["segment", "image.tif", "-o", "l.ome.zarr", *LONG, *TILES]),
    "segment, tiles": Trial(_wide(), cpu=IMPORTED + 3),
    "segment, tiles, terminal": Trial(_wide(), cpu=IMPORTED + 3, terminal=True),
    "segment, tiles, processes:2": Trial(_wide("--scheduler", "processes:2"), cpu=IMPORTED + 16),
    "segment, stack": Trial(["segment", "stack.tif", "--carry", "warm", "-o", "l.tif", *LONG]),
    "segment, stack, zarr": Trial(
        ["segment", "stack.tif", "--carry", "independent", "-o", "l.ome.zarr", *LONG]
    ),
    "plan": Trial(["plan", "image.tif", "-o", "l.ome.zarr", *LONG, *TILES]),
    "run": Trial(["run", "l.ome.zarr"], PLAN),
    "run, processes:2": Trial(
        ["run", "l.ome.zarr", "--scheduler", "processes:2"], PLAN, cpu=IMPORTED + 12
    ),
    "batch": Trial(["batch", "images", "-o", "out", *LONG]),
    "batch, processes:2": Trial(
        ["batch", "images", "-o", "out", *LONG, "--scheduler", "processes:2"], cpu=IMPORTED + 12
    ),
    "train": Trial(["train", "images", "-o", "m.safetensors", *LONG]),
    "apply": Trial(["apply", "model.safetensors", "many", "-o", "out", "--threads", "1"]),
    "apply, tiles": Trial(["apply", "model.safetensors", "wide.tif", "-o", "out", *TILES]),
    "superpixels": Trial(["superpixels", "large.tif", "-o", "l.tif", "--superpixels", "spnn"]),
    "evaluate": Trial(["evaluate", "noise.tif", "--against", "noise.tif"], cpu=2.0),
    "replay": Trial(
        ["replay", "long.tif", "-o", "l.tif"],
        (["segment", "image.tif", "-o", "long.tif", *METHOD, "--iterations", "3000"],),
    ),
    "demo": Trial(["demo", "--headless", "--out", "out"]),
}


def more_inputs(folder: Path) -> None:
    """Make what takes a while."""
    rng = np.random.default_rng(0)
    for name, shape in {"wide": (640, 1280, 3), "large": (900, 900, 3)}.items():
        image = rng.integers(0, 255, shape, np.uint8)
        tifffile.imwrite(folder / f"{name}.tif", image, photometric="rgb", tile=(64, 64))
    tifffile.imwrite(folder / "noise.tif", rng.integers(1, 9999, (2500, 2500), np.uint16))
    (folder / "many").mkdir()
    for k in range(300):
        image = rng.integers(0, 255, (200, 200, 3), np.uint8)
        tifffile.imwrite(folder / f"many/{k:03}.tif", image, photometric="rgb")


def run(words: Words) -> int:
    """Run a command to its end."""
    return subprocess.run([*START, *words], check=False, capture_output=True).returncode


def tree(process: psutil.Process) -> list[psutil.Process]:
    """Return a process and all that it started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [process, *process.children(recursive=True)]
    return []


def used(processes: list[psutil.Process]) -> float:
    """Return their seconds of processor time."""
    total = 0.0
    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            total += times.user + times.system
    return total


@contextlib.contextmanager
def begun(trial: Trial) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start a command in a group of its own; yield it and where to read what it says."""
    ours, its = pty.openpty() if trial.terminal else os.pipe()
    process = subprocess.Popen(
        [*START, *trial.words], stdout=its, stderr=its, start_new_session=True
    )
    os.close(its)
    try:
        yield process, ours
    finally:
        os.close(ours)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def read_all(place: int) -> str:
    """Read until nobody writes any more."""
    found = b""
    with contextlib.suppress(OSError):
        while more := os.read(place, 65536):
            found += more
    return found.decode(errors="replace")


def tried(trial: Trial, signals: list[signal.Signals]) -> str:
    """Interrupt a command; return what became of it, in a line."""
    with begun(trial) as (process, place):
        watched = psutil.Process(process.pid)
        while used(tree(watched)) < trial.cpu and process.poll() is None:
            time.sleep(0.02)
        if process.poll() is not None:
            return f"ended before the signal: {read_all(place)[-300:]!r}"
        family = tree(watched)
        for number in signals:
            send = os.kill if number == signal.SIGKILL else os.killpg
            send(process.pid, number)
            time.sleep(0.4)
        start = time.monotonic()
        said = read_all(place)
        code, seconds = process.wait(), time.monotonic() - start
        _, left = psutil.wait_procs(family, timeout=5)
    lines = [line for line in said.replace("\r", "\n").splitlines() if line.strip()]
    bad = sum("Traceback" in line or "Exception ignored" in line for line in lines)
    return f"{code}, tracebacks {bad}, left {len(left)}, {seconds:.1f} s: {lines[-1:]}"


def main() -> None:
    """Print a line a trial."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=list(TRIALS), choices=list(TRIALS))
    asked = [name for name in SIGNALS if "kill" not in name]
    parser.add_argument("--signals", nargs="+", default=asked, choices=list(SIGNALS))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        make_inputs(Path(place), run)
        more_inputs(Path(place))
        kept = {each.name for each in Path(place).iterdir()}
        for name in args.only:
            for how in args.signals:
                trial = TRIALS[name]
                for words in trial.before:
                    run(words)
                print(f"{name}, {how}: {tried(trial, SIGNALS[how])}", flush=True)
                clear(Path(place), kept)


def clear(folder: Path, kept: set[str]) -> None:
    """Remove what a trial has made; name what should not be there."""
    for path in folder.iterdir():
        if path.name not in kept:
            if path.name.endswith((".part", ".claim")):
                print(f"left behind: {path.name}", flush=True)
            subprocess.run(["rm", "-rf", str(path)], check=True)


if __name__ == "__main__":
    main()
