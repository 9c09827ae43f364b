"""Consensus block by block: what blocks cost in quality, and seconds and memory by size.

    python benchmarks/blocks.py seams --first 40 [--side 160]
    python benchmarks/blocks.py sizes 481x321 1024x1024 2048x2048 4096x4096 [--threads 1]
    python benchmarks/blocks.py mosaic OUT.tif 8192

``seams`` segments photographs of BSDS500 val whole and in small blocks; scores of both, paired.
``sizes`` segments mosaics of the aerial images, each in a process of its own, one after the other;
peak memory is that of the process. ``mosaic`` writes such an image, for ``napari-selfseg segment``.
Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import tifffile
from _sets import SETS, Case
from numpy.typing import NDArray

import napari_selfseg as ss
from consensus import _best, _own, _row, _summary
from napari_selfseg.superpixels._watersheds import _block_by_block

PATCH = 500
AERIAL = ("dubai_mbrsc", "massachusetts_roads")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ways = parser.add_subparsers(dest="way", required=True)
    seams = ways.add_parser("seams")
    seams.add_argument("--first", type=int, default=40)
    seams.add_argument("--side", type=int, default=160)
    sizes = ways.add_parser("sizes")
    sizes.add_argument("shapes", nargs="+")
    sizes.add_argument("--threads", type=int, default=1)
    sizes.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    large = ways.add_parser("mosaic")
    large.add_argument("out", type=Path)
    large.add_argument("side", type=int)
    args = parser.parse_args()
    if args.way == "seams":
        _seams(args.first, args.side)
    elif args.way == "mosaic":
        image = mosaic((args.side, args.side))
        tifffile.imwrite(args.out, image, photometric="rgb", tile=(256, 256))
    elif args.here:
        _size(args.shapes[0], args.threads)
    else:
        print("pixels, threads, processor s, wall s, processor s a megapixel, peak MB", flush=True)
        for shape in args.shapes:
            words = [sys.executable, __file__, "sizes", shape, "--threads", str(args.threads)]
            subprocess.run([*words, "--here"], check=True)


def mosaic(shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Fill an image with patches of the aerial ones.

    Parameters
    ----------
    shape : tuple of int
        Wanted.

    Returns
    -------
    ndarray of uint8
        ``(*shape, 3)``.
    """
    images = [
        np.asarray(Case(SETS[name], each).image.data)[..., :3]
        for name in AERIAL
        for each in SETS[name].names()
    ]
    patches = [each[:PATCH, :PATCH] for each in images if min(each.shape[:2]) >= PATCH]
    rows, columns = (-(-n // PATCH) for n in shape)
    whole = [
        np.concatenate([patches[(r * columns + c) % len(patches)] for c in range(columns)], axis=1)
        for r in range(rows)
    ]
    return np.concatenate(whole)[: shape[0], : shape[1]]


def _seams(first: int, side: int) -> None:
    of, rows = SETS["bsds500-val"], dict[int, list[dict[str, object]]]()
    usual = _block_by_block._SIDE[2]
    for name in of.names()[:first]:
        for each in (usual, side):
            _block_by_block._SIDE[2] = each
            rows.setdefault(each, []).append(_row(Case(of, name), ss.Consensus()))
    for each, found in rows.items():
        own, best = (_summary([way(row) for row in found]) for way in (_own, _best))
        print(f"blocks of about {each}: own cut {own}, best cut {best}")
    for way in (_own, _best):
        score = [
            [way(row)["covered"] / way(row)["total"] for row in found] for found in rows.values()
        ]
        apart = np.subtract(score[1], score[0])
        print(f"{apart.mean():+.4f} ± {apart.std(ddof=1) / len(apart) ** 0.5:.4f}")


def _size(shape: str, threads: int) -> None:
    height, width = map(int, shape.split("x"))
    image, how = mosaic((height, width)), {"channel_axis": -1, "device": "cpu"}
    # Compiled code is loaded before the clock runs.
    ss.segment(image[:300, :300], ss.Consensus(), threads=1, **how)
    processor, wall = time.process_time(), time.perf_counter()
    ss.segment(image, ss.Consensus(), threads=threads, **how)
    processor, wall = time.process_time() - processor, time.perf_counter() - wall
    a_megapixel = processor / (height * width) * 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{shape}, {threads}, {processor:.2f}, {wall:.2f}, {a_megapixel:.1f}, {peak:.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
