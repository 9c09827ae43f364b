"""Objects of one large image as a whole and by tiles: agreement, cuts at seams, seconds, memory.

    python benchmarks/object_tiles.py mosaic OUT.tif 8192
    python benchmarks/object_tiles.py whole IMAGE.tif OUT.npy [--seed 1]
    python benchmarks/object_tiles.py tiles IMAGE.tif OUT.ome.zarr --tile 1024 [--seconds 240]
    python benchmarks/object_tiles.py tiles IMAGE.tif ONE.ome.zarr --tile 8192 --model MODEL
    python benchmarks/object_tiles.py compare OUT.npy OUT.ome.zarr --tile 1024

``tiles`` learns from samples unless a model is given, keeps it beside the labels, stops after so
many seconds, and goes on when it is called again. With a tile as large as the image it tells what
tiles alone change: what is learned is the same; another seed of a whole tells what chance changes.
``mosaic`` writes the truth as well (``OUT.truth.npy``). ``compare`` matches objects by their IoU,
and counts those with a straight border along a seam, for as long as most of them is wide; lines
beside the seams say how many that are by chance. Each prints processor seconds and the peak memory
of its process. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from _sets import SETS, Case
from numpy.typing import NDArray
from scipy import ndimage as ndi

import napari_selfseg as ss
from napari_selfseg.io import load_fit, open_labels, save_fit
from napari_selfseg.metrics import contingency, objects
from napari_selfseg.scale import Source, fit_samples, over_tiles

# No multiple of it lies at a seam.
PATCH = 250
SET = "dsb2018_fluo"
HERE = {"device": "cpu", "threads": 1}
# A straight border, as a part of how wide its object is.
STRAIGHT = 0.6
# Pixels from seams to lines where there are none.
BESIDE = 37


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ways = parser.add_subparsers(dest="way", required=True)
    for way in ("mosaic", "whole", "tiles", "compare"):
        each = ways.add_parser(way)
        each.add_argument("paths", nargs={"mosaic": 1}.get(way, 2), type=Path)
        if way == "mosaic":
            each.add_argument("side", type=int)
        if way == "whole":
            each.add_argument("--seed", type=int, default=0)
        if way in ("tiles", "compare"):
            each.add_argument("--tile", type=int, default=1024)
        if way == "tiles":
            each.add_argument("--model", type=Path)
            each.add_argument("--seconds", type=float, default=float("inf"))
    args = parser.parse_args()
    start = time.process_time()
    if args.way == "mosaic":
        image, truth = mosaic(args.side)
        tifffile.imwrite(args.paths[0], image, tile=(256, 256))
        np.save(args.paths[0].with_suffix(".truth.npy"), truth)
    elif args.way == "whole":
        np.save(args.paths[1], _whole(tifffile.imread(args.paths[0]), args.seed))
    elif args.way == "tiles":
        _tiles(*args.paths, args.tile, args.model, args.seconds)
    else:
        _compare(*args.paths, args.tile)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{args.way}: {time.process_time() - start:.0f} s, peak {peak:.0f} MB", flush=True)


def mosaic(side: int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Fill an image with patches of fluorescent nuclei, turned and mirrored, of one brightness.

    Parameters
    ----------
    side : int
        Of the image.

    Returns
    -------
    image : ndarray of uint8
        ``(side, side)``.
    truth : ndarray of int32
        ``(side, side)`` nuclei, or what patches have of them, from 1; 0 of the background.
    """
    rng = np.random.default_rng(0)
    cases = [Case(SETS[SET], name) for name in SETS[SET].names()]
    pairs = [(_bright(case), np.asarray(case.truths[0], np.int32)) for case in cases]
    found, truth = np.zeros((side, side), np.uint8), np.zeros((side, side), np.int32)
    count = 0
    for top in range(0, side, PATCH):
        for left in range(0, side, PATCH):
            image, nuclei = pairs[rng.integers(len(pairs))]
            y, x = (rng.integers(n - PATCH + 1) for n in image.shape)
            turns, way = rng.integers(4), rng.choice([-1, 1])
            into = (slice(top, top + PATCH), slice(left, left + PATCH))
            for whole, part in ((found, image), (truth, nuclei)):
                patch = np.rot90(part[y : y + PATCH, x : x + PATCH], turns)[::way]
                height, width = whole[into].shape
                whole[into] = patch[:height, :width]
            inside = truth[into] > 0
            own = np.unique(truth[into][inside], return_inverse=True)[1]
            truth[into][inside] = own + 1 + count
            count += int(own.max(initial=-1)) + 1
    return found, truth


def _bright(case: Case) -> NDArray[np.uint8]:
    data = np.asarray(case.image.data, np.float64)
    grey = data[..., 0] if data.ndim == 3 else data
    low, high = np.percentile(grey, (1, 99.8))
    return (np.clip((grey - low) / (high - low), 0, 1.2) * 200 + 10).astype(np.uint8)


def _whole(image: NDArray[np.uint8], seed: int) -> NDArray[np.generic]:
    run = ss.segment(image, ss.Objects(seed=seed), **HERE)
    print(run.stop_reason)
    return run.labels()


def _tiles(image: Path, out: Path, tile: int, model: Path | None, seconds: float) -> None:
    end = time.monotonic() + seconds
    known = model or out.with_name(out.name.partition(".")[0] + ".safetensors")
    if not known.exists():
        learned = fit_samples(Source(str(image), None), ss.Objects(), **HERE).finish()
        save_fit(learned.fit, known)
        print(f"learned in {time.process_time():.0f} s")
    run = over_tiles(image, load_fit(known), out, tile=tile, resume=True, **HERE)
    print(f"{len(run.plan.grid)} tiles of {tile} with a halo of {run.plan.halo[0]}", flush=True)
    for step in run:
        print(f"{step.name} {step.done} of {step.total}", flush=True)
        if time.monotonic() > end:
            run.stop()
    print("finished" if run.finished else "stopped")


def _compare(whole: Path, tiles: Path, tile: int) -> None:
    one, other = _labels(whole), _labels(tiles)
    print(f"{one.max()} objects in {whole.name}, {other.max()} in {tiles.name}")
    forth, back = (
        objects(contingency(a, b), background=(0,)) for a, b in ((other, one), (one, other))
    )
    for threshold in (0.5, 0.75, 0.9):
        print(f"F1 at {threshold}: {forth.f_score(threshold):.4f}")
    for labels, found, name in ((other, forth, "by tiles"), (one, back, "as a whole")):
        _say_apart(labels, found.best, name, tile)
    print(f"foreground that differs: {((one > 0) != (other > 0)).mean():.4%} of the pixels")
    pieces = _in_pieces(other)
    for labels, name in ((one, "as a whole"), (other, "by tiles")):
        cut, beside = (_straight(labels, tile, shift) for shift in (0, BESIDE))
        print(f"{name}: {cut} straight along seams, {beside} along lines {BESIDE} pixels beside")
    print(f"{pieces} objects by tiles are not connected, {_in_pieces(one)} as a whole")


def _say_apart(labels: NDArray[np.int64], best: NDArray[np.float64], name: str, tile: int) -> None:
    """Say how many objects have no match, and where they lie."""
    numbers = np.flatnonzero(best <= 0.5)
    boxes = ndi.find_objects(labels)
    middles = np.array([[(s.start + s.stop) / 2 for s in boxes[n]] for n in numbers]).reshape(-1, 2)
    to_seam = np.abs(middles - np.round(middles / tile) * tile)
    to_seam[np.isin(np.round(middles / tile), (0, labels.shape[0] // tile))] = np.inf
    near = (to_seam.min(axis=1, initial=np.inf) < 32).sum()
    print(f"{len(numbers)} objects {name} have no match at .5, {near} within 32 pixels of a seam")


def _labels(path: Path) -> NDArray[np.int64]:
    found = np.load(path) if path.suffix == ".npy" else open_labels(path)[:]
    return np.asarray(found, np.int64)


def _straight(labels: NDArray[np.int64], tile: int, shift: int) -> int:
    """Count objects with a straight border along lines, as long as most of them is wide."""
    boxes, found = ndi.find_objects(labels), set[int]()
    for axis in (0, 1):
        lines = np.moveaxis(labels, axis, 0)
        for at in range(tile, labels.shape[axis] - shift, tile):
            for number, length in _faces(lines[at + shift - 1], lines[at + shift]):
                box = boxes[number - 1][1 - axis]
                if length >= max(STRAIGHT * (box.stop - box.start), 5):
                    found.add(number)
    return len(found)


def _faces(one: NDArray[np.int64], other: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    for row in (one, other):
        numbers, lengths = np.unique(row[(one != other) & (row > 0)], return_counts=True)
        yield from zip(numbers.tolist(), lengths.tolist(), strict=True)


def _in_pieces(labels: NDArray[np.int64]) -> int:
    return sum(
        ndi.label(labels[box] == number)[1] > 1
        for number, box in enumerate(ndi.find_objects(labels), 1)
        if box is not None
    )


if __name__ == "__main__":
    main()
