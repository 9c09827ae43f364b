"""Every command on a disk that has too little room: what it says, and what it leaves.

The disk is filled up but for a few kilobytes, more each time, until the command succeeds. Wanted:
one sentence and no traceback, no part of a result under its final name, no temporary file, and the
same labels once there is room. A small disk of one's own, as root::

    mkdir /tmp/small && mount -t tmpfs -o size=3m none /tmp/small
    python benchmarks/full_disk.py /tmp/small
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import tifffile

from napari_selfseg.cli import main as command
from napari_selfseg.io import read_image

FAST = ["--method", "backprop", "--iterations", "3", "--channels", "8"]
SLIC = ["--superpixels", "slic:n_segments=60"]
ROOM = (0, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 2900)
BALLAST = "ballast"


def inputs(folder: Path) -> None:
    """Write pictures, a stack, a model and labels."""
    rng = np.random.default_rng(0)
    many = folder / "many"
    many.mkdir()
    for k in range(3):
        noise = rng.integers(0, 90, (160, 200, 3))
        noise[:, 80 + 20 * k :, 0] += 120
        iio.imwrite(many / f"{k}.png", noise.astype(np.uint8))
    shutil.copy(many / "0.png", folder / "a.png")
    planes = rng.integers(0, 255, (4, 96, 96)).astype(np.uint8)
    tifffile.imwrite(folder / "stack.ome.tif", planes, metadata={"axes": "ZYX"})
    said("train", f"{folder}/a.png", "-o", f"{folder}/m.safetensors", *FAST)
    said("segment", f"{folder}/a.png", "-o", f"{folder}/l.tif", *FAST, *SLIC)


def commands(i: Path) -> dict[str, list[list[str]]]:
    """Return what is tried, each as a list of commands of which OUT is the folder."""
    image, model = f"{i}/a.png", f"{i}/m.safetensors"
    several = [
        "--preview",
        "OUT/p.png",
        "--objects",
        "OUT/o.csv",
        "--save-fit",
        "OUT/f.safetensors",
    ]
    tiled = ["--tile", "64"]
    return {
        "segment": [["segment", image, "-o", "OUT/l.tif", *FAST, *SLIC]],
        "segment, all outputs": [["segment", image, "-o", "OUT/l.tif", *FAST, *SLIC, *several]],
        "segment, zarr": [["segment", image, "-o", "OUT/l.ome.zarr", *FAST, *SLIC, *several]],
        "segment, polygons": [
            ["segment", image, "-o", "OUT/l.tif", *FAST, *SLIC, "--objects", "OUT/o.geojson"]
        ],
        "segment, tiles": [["segment", image, "-o", "OUT/l.ome.zarr", *FAST, *tiled]],
        "segment, tiles to TIFF": [
            ["segment", image, "-o", "OUT/l.tif", *FAST, *tiled, "--connected", "5"]
        ],
        "segment, stack": [
            ["segment", f"{i}/stack.ome.tif", "-o", "OUT/l.tif", *FAST, "--carry", "warm"]
        ],
        "segment, stack to zarr": [
            ["segment", f"{i}/stack.ome.tif", "-o", "OUT/l.ome.zarr", *FAST, "--carry", "warm"]
        ],
        "superpixels": [["superpixels", image, "-o", "OUT/l.tif", *SLIC, "--preview", "OUT/p.png"]],
        "replay": [["replay", f"{i}/l.tif", "-o", "OUT/l.tif"]],
        "evaluate": [["evaluate", f"{i}/l.tif", "--against", f"{i}/l.tif", "--json", "OUT/e.json"]],
        "train": [
            ["train", f"{i}/many", "-o", "OUT/m.safetensors", *FAST, "--checkpoint-every", "1"]
        ],
        "apply": [["apply", model, f"{i}/many", "-o", "OUT/labels"]],
        "apply, tiles": [["apply", model, f"{i}/many", "-o", "OUT/labels", *tiled]],
        "batch": [
            ["batch", f"{i}/many", "-o", "OUT/b", *FAST, *SLIC, "--preview", "--objects", "csv"]
        ],
        "batch, zarr": [
            ["batch", f"{i}/many", "-o", "OUT/b", *FAST, *SLIC, "--format", "ome.zarr"]
        ],
        "plan and run": [
            ["plan", image, "-o", "OUT/l.ome.zarr", "--model", model, *tiled],
            ["run", "OUT/l.ome.zarr"],
        ],
        "demo": [["demo", "--headless", "--out", "OUT/demo"]],
    }


RESUMED = (
    "segment, tiles",
    "segment, tiles to TIFF",
    "train",
    "batch",
    "batch, zarr",
    "apply, tiles",
)


def said(*words: str) -> tuple[int, str]:
    """Run a command in this process; return its exit code and what it said."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            code = command(list(words))
        except BaseException as error:
            code = -1
            out.write(f"Traceback: {error!r}")
    return code, out.getvalue()


def done(folder: Path, wanted: list[list[str]], *flags: str) -> tuple[int, str]:
    """Run commands one after the other until one fails."""
    code, text = 0, ""
    for words in wanted:
        code, each = said(*(word.replace("OUT", str(folder)) for word in words), *flags)
        text += each
        if code:
            break
    return code, text


def files(folder: Path) -> list[str]:
    """List what is under final names, and temporary files marked with an exclamation mark."""
    found = [p for p in folder.rglob("*") if p.name != BALLAST and not p.is_dir()]
    names = [p.relative_to(folder).as_posix() for p in found]
    return sorted(f"!{name}" if ".part" in name else name for name in names)


def results(folder: Path) -> dict[str, str]:
    """Hash all pixels and tables; records hold the time and the names of files."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        inside = ".zarr/" in name or ".work" in name or name.endswith(".tif.zarr")
        if path.suffix in (".zarr", ".tif", ".png") and not inside:
            found[name] = _hash(np.asarray(read_image(path).data))
        elif path.suffix in (".csv", ".geojson") and path.name != "batch.csv":
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif path.suffix == ".safetensors" and not inside:
            found[name] = "there"
    return found


def _hash(data: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(data)).hexdigest()


@contextlib.contextmanager
def filled(folder: Path, kilobytes: int) -> Iterator[None]:
    """Leave only so much room on the disk of a folder."""
    ballast = folder / BALLAST
    free = shutil.disk_usage(folder).free - kilobytes * 1024
    ballast.write_bytes(b"0" * max(free, 0))
    try:
        yield
    finally:
        ballast.unlink(missing_ok=True)


def emptied(folder: Path) -> None:
    """Remove everything from a folder."""
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()


def tried(
    name: str, wanted: list[list[str]], small: Path, whole: Path, say: Callable[[str], None]
) -> int:
    """Try one command with more and more room; return the number of faults."""
    emptied(small)
    emptied(whole)
    code, _ = done(whole, wanted)
    expected, faults = results(whole), 0
    say(f"{name}: exit code {code} where there is room")
    for room in ROOM:
        emptied(small)
        with filled(small, room):
            code, text = done(small, wanted)
        left = files(small)
        wrong = _wrong(text, left, code)
        if code:
            flags = ("--resume",) if name in RESUMED and left else ()
            if name == "plan and run":
                emptied(small)
            again, more = done(small, wanted, *flags)
            if again or results(small) != expected:
                wrong.append(f"not equal afterwards: {more.strip()[-200:]}")
        faults += bool(wrong)
        last = (text.strip().splitlines() or [""])[-1]
        fault = f" FAULT {wrong}" if wrong else ""
        say(f"  {room} kB free: exit {code}, {last[:300]!r}, left {left[:9]}{fault}")
        if code == 0:
            break
    return faults


def _wrong(text: str, left: list[str], code: int) -> list[str]:
    wrong = []
    if any(each in text for each in ("Traceback", "Exception ignored", "A fault of", "Errno")):
        wrong.append("traceback")
    if any(each.startswith("!") for each in left):
        wrong.append("temporary files")
    if code and not text.strip():
        wrong.append("nothing said")
    return wrong


def main() -> int:
    """Try all commands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("disk", type=Path, help="a small disk with nothing on it")
    parser.add_argument("--only", default="", help="commands whose name begins so")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        here, whole = Path(name, "in"), Path(name, "whole")
        here.mkdir()
        whole.mkdir()
        inputs(here)
        faults = sum(
            tried(each, wanted, args.disk, whole, lambda line: print(line, flush=True))
            for each, wanted in commands(here).items()
            if each.startswith(args.only)
        )
        emptied(args.disk)
    print(f"{faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    sys.exit(main())
