"""Kill commands at every write, rename, mkdir and remove, go on, and compare with undisturbed runs.

    python benchmarks/kills.py [--most POINTS] [--last POINTS] [--only COMMAND ...]

Each trial is a fork of one process that has imported everything. The kill is an audit hook: SIGKILL
before the N-th time that Python opens a file to write, renames, makes or removes something in the
folder of the trial. Not seen are writes inside compiled code (safetensors), all of which go to
temporary names that Python makes and renames. Linux and macOS.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tifffile
from _small import COMMANDS, Command, Words, make_inputs

WATCHED = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
# Files whose content says when and by whom.
TOLD = ("log.txt", "plan.json")


class Row(NamedTuple):
    """What became of a command.

    Attributes
    ----------
    points : int
        Where it could be killed.
    tried : int
        Where it was.
    equal : int
        Trials that ended as the undisturbed run.
    left : int
        Files too many, in all trials together.
    """

    command: str
    points: int
    tried: int
    equal: int
    left: int


def forked(work: Callable[[], int], out: Path) -> int:
    """Do something in a fork; return its exit code, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            said = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(said, 1)
            os.dup2(said, 2)
            code = work()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
        finally:
            sys.stdout.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def ran(lines: list[Words], refusals: tuple[str, ...] = ()) -> int:
    """Run command lines, until one ends in another way than with 0."""
    from napari_selfseg.cli import main

    for words in lines:
        code = main(words)
        if code and not (refusals and code == 2):
            return code
    return 0


class Trap:
    """Count what touches files below a folder, and kill this process before the N-th time."""

    def __init__(self, folder: Path, at: int | None = None) -> None:
        self.folder, self.at, self.count = str(folder.resolve()), at, 0
        self.lock = threading.Lock()
        sys.addaudithook(self.see)

    def see(self, event: str, args: tuple[object, ...]) -> None:
        """Look at an event."""
        if not self.touches(event, args):
            return
        with self.lock:
            self.count += 1
            if self.count == self.at:
                os.kill(os.getpid(), signal.SIGKILL)

    def touches(self, event: str, args: tuple[object, ...]) -> bool:
        """Say whether an event changes something in the folder."""
        if event == "open":
            path, _, flags = args
            # Without flags it was opened by C++, which Python's own open is not.
            if not isinstance(flags, int) or not flags & WRITING:
                return False
        elif event in WATCHED:
            path = args[0]
        else:
            return False
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, str | os.PathLike):
            return False
        # A name alone is one inside a folder that is being removed.
        return os.path.abspath(path).startswith(self.folder)


def counted(folder: Path, command: Command) -> int:
    """Run a command undisturbed; return at how many points it can be killed."""

    def work() -> int:
        os.chdir(folder)
        trap = Trap(folder)
        code = ran(command.words)
        (folder.parent / "count").write_text(str(trap.count))
        return code

    code = forked(work, folder.parent / "said.txt")
    if code:
        raise SystemExit(f"{command.words}: {code}: {(folder.parent / 'said.txt').read_text()}")
    return int((folder.parent / "count").read_text())


def tried(folder: Path, command: Command, at: int) -> str:
    """Kill a command at a point, and go on; return what went wrong."""
    said = folder.parent / "said.txt"

    def work() -> int:
        os.chdir(folder)
        Trap(folder, at)
        return ran(command.words)

    def again() -> int:
        os.chdir(folder)
        return ran(command.recovery, command.refusals)

    said.unlink(missing_ok=True)
    if (code := forked(work, said)) != -signal.SIGKILL:
        return f"not killed, but ended with {code}: {said.read_text()}"
    code = forked(again, said)
    return f"ended with {code}: {said.read_text()}" if code else ""


def seen(folder: Path) -> dict[str, object]:
    """Return every file below a folder, with what must be the same in it."""
    return {
        str(path.relative_to(folder)): content(path)
        for path in sorted(folder.rglob("*"))
        if not path.is_dir()
    }


def content(path: Path) -> object:
    """Return what must be the same in a file."""
    if path.name in TOLD:
        return None
    if path.name == "batch.csv":
        rows = list(csv.DictReader(path.open()))
        return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]
    if path.parent.parent.name == "done" and path.suffix == ".json":
        told = json.loads(path.read_text())
        return {key: value for key, value in told.items() if key not in ("by", "seconds")}
    if path.suffix == ".tif":
        return labels_and_record(path)
    return path.read_bytes()


def labels_and_record(path: Path) -> object:
    """Return what an OME-TIFF holds beside the identifier that each has."""
    from napari_selfseg.io import read_record

    try:
        record = read_record(path)
    except ValueError:
        return path.read_bytes()
    return tifffile.imread(path).tobytes(), record


def measured(inputs: Path, name: str, most: int, last: int | None) -> Row:
    """Try a command."""
    command, equal, left = COMMANDS[name], 0, 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "run")
        shutil.copytree(inputs, folder)
        points = counted(folder, command)
        wanted = seen(folder)
        first = 1 if last is None else max(1, points + 1 - last)
        chosen = range(first, points + 1, max(1, -(-(points + 1 - first) // most)))
        for at in chosen:
            shutil.rmtree(folder)
            shutil.copytree(inputs, folder)
            wrong = tried(folder, command, at)
            found = seen(folder)
            more = sorted(set(found) - set(wanted))
            other = [key for key in wanted if found.get(key) != wanted[key]]
            equal += not wrong and not other
            left += len(more)
            if wrong or other or more:
                print(f"{name}, killed at {at}: {wrong} {other=} {more=}", flush=True)
    return Row(name, points, len(chosen), equal, left)


def warm_up() -> None:
    """Import everything, and do once what is done for the first time."""
    import torch

    import napari_selfseg.cli
    import napari_selfseg.scale

    torch.set_num_threads(1)
    # Nothing with zarr, whose thread would not survive a fork.
    image = np.random.default_rng(0).integers(0, 255, (24, 24, 3), np.uint8)
    method = napari_selfseg.Backprop(iterations=2, channels=6)
    for each in (method, napari_selfseg.Consensus()):
        napari_selfseg.segment(image, each, channel_axis=-1, device="cpu", threads=1)
    assert napari_selfseg.scale.TileRun


def main() -> None:
    """Print a line a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=40, help="points of each command")
    parser.add_argument("--last", type=int, help="only so many points, from the end")
    parser.add_argument("--only", nargs="+", default=list(COMMANDS), choices=list(COMMANDS))
    args = parser.parse_args()
    warm_up()
    with tempfile.TemporaryDirectory() as place:
        inputs = Path(place, "inputs")
        inputs.mkdir()

        def work() -> int:
            os.chdir(inputs)
            make_inputs(inputs, lambda words: ran([words]))
            return 0

        if code := forked(work, Path(place, "said.txt")):
            raise SystemExit(f"{code}: {Path(place, 'said.txt').read_text()}")
        print("command, points, tried, equal after going on, files too many")
        for name in args.only:
            print(*measured(inputs, name, args.most, args.last), sep=", ", flush=True)


if __name__ == "__main__":
    main()
