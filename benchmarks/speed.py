"""Seconds per iteration of Backprop, ours in each precision against the public reference.

    python benchmarks/speed.py --reference PATH/demo.py --image IMAGE [--rounds 5]

Both run the same image, SLIC with 10 000 superpixels and compactness 100, 100 channels and the
same number of threads; runs of a few iterations alternate, and ratios are taken round by round.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from _reference import run_reference

WARM_UP = 2
OURS = """
import sys, time
import imageio.v3 as iio
import torch
from napari_selfseg import Backprop, evolve
image, precision, iterations, depth, threads = sys.argv[1:]
method = Backprop(iterations=int(iterations), depth=int(depth), min_labels=1)
run = evolve(
    iio.imread(image), method, channel_axis=-1, device="cpu", precision=precision,
    threads=int(threads),
)
for step in run:
    step.loss, step.n_labels
    print("step", step.iteration, flush=True)
"""


def main() -> None:
    """Print a row a depth and precision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--depths", type=int, nargs="+", default=[2])
    args = parser.parse_args()
    for depth in args.depths:
        _report(depth, _rounds(args, depth))


def _rounds(args: argparse.Namespace, depth: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"reference": [], "float32": [], "bfloat16": []}
    for _ in range(args.rounds):
        reference = run_reference(
            args.reference.resolve(),
            args.image.resolve(),
            iterations=args.iterations,
            seed=0,
            threads=args.threads,
            depth=depth,
        ).seconds
        found["reference"].append(float(np.median(reference[WARM_UP:])))
        for precision in ("float32", "bfloat16"):
            found[precision].append(_ours(args, precision, depth))
    return found


def _ours(args: argparse.Namespace, precision: str, depth: int) -> float:
    words = [str(args.image), precision, str(args.iterations), str(depth), str(args.threads)]
    process = subprocess.Popen(
        [sys.executable, "-c", OURS, *words], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    # The last step is the closing forward, which the reference does not time either.
    stamps = [time.perf_counter() for _ in process.stdout][:-1]
    if process.wait():
        raise RuntimeError(f"Our run ended with exit code {process.returncode}.")
    return float(np.median(np.diff(stamps)[WARM_UP:]))


def _report(depth: int, found: dict[str, list[float]]) -> None:
    reference = np.array(found["reference"])
    for name, seconds in found.items():
        ratios = reference / np.array(seconds)
        row = {
            "depth": depth,
            "what": name,
            "seconds_per_iteration": round(float(np.median(seconds)), 4),
            "times_faster": round(float(np.median(ratios)), 2),
            "least": round(float(ratios.min()), 2),
            "most": round(float(ratios.max()), 2),
            "rounds": len(seconds),
            "machine": platform.machine(),
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
