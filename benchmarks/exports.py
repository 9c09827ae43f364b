"""A hundred thousand objects to every format: seconds, peak memory and size of the file.

    python benchmarks/exports.py [--objects 100000] [--only geojson,gpkg]

Each format is written in a process of its own, from labels and an image in memory: discs of 9
pixels on a grid of 12. Memory is the highest resident size of that process, with Python, its
libraries, the labels and the image; the start is what is there before anything is measured.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import zarr

from napari_selfseg.io import list_table, table_in, write_objects, write_table
from napari_selfseg.objects import object_features

STEP, RADIUS = 12, 4.5
KINDS = ("csv", "geojson", "simplified geojson", "qupath.geojson", "gpkg", "zip", "table")
PLACE = {"spacing": (0.5, 0.5), "unit": "µm"}


def discs(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return labels of discs on a grid, and an image of them with noise."""
    side = math.ceil(count**0.5)
    rows, columns = np.indices((STEP, STEP)) - (STEP - 1) / 2
    disc = np.hypot(rows, columns) <= RADIUS
    numbers = np.arange(1, side * side + 1, dtype=np.int32).reshape(side, side)
    numbers[numbers > count] = 0
    labels = np.kron(numbers, disc.astype(np.int32))
    noise = np.random.default_rng(0).integers(0, 60, labels.shape, dtype=np.uint8)
    return labels, noise + 120 * (labels > 0).astype(np.uint8)


def peak() -> float:
    """Return the highest resident size so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one(kind: str, count: int, folder: Path) -> dict[str, float | str]:
    """Write one format and say what it took."""
    labels, image = discs(count)
    image_folder = folder / "a.zarr"
    if kind == "table":
        _image(image_folder, labels.shape)
    before, start, busy = peak(), time.perf_counter(), time.process_time()
    if kind == "table":
        target = table_in(image_folder, "objects")
        write_table(target, object_features(labels, image, **PLACE), "cells")
        list_table(target)
    else:
        target = folder / f"a.{kind.split()[-1]}"
        simplify = 2.0 if kind.startswith("simplified") else 0.0
        write_objects(target, labels, image=image, simplify=simplify, **PLACE)
    seconds, cpu = time.perf_counter() - start, time.process_time() - busy
    files = [target] if target.is_file() else [each for each in target.rglob("*") if each.is_file()]
    size = sum(each.stat().st_size for each in files) / 1e6
    return {
        "kind": kind,
        "seconds": seconds,
        "cpu": cpu,
        "start": before,
        "peak": peak(),
        "size": size,
    }


def _image(folder: Path, shape: tuple[int, ...]) -> None:
    group = zarr.open_group(folder, mode="w")
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [0.5, 0.5]}]}
    axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "yx"]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": [level]}]}
    group.create_array("0", shape=shape, dtype="uint8", chunks=(1024, 1024))


def main() -> None:
    """Measure each format in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(one(args.one, args.objects, Path(folder))))
        return
    print(f"{args.objects} objects: format, seconds, of these of the processor, MB at the start,")
    print("MB at most, MB on disk")
    for kind in args.only.split(","):
        words = [sys.executable, __file__, "--one", kind, "--objects", str(args.objects)]
        told = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
        figures = [f"{told[key]:.1f}" for key in ("seconds", "cpu", "start", "peak", "size")]
        print(f"{kind:20}", *figures, flush=True)


if __name__ == "__main__":
    main()
