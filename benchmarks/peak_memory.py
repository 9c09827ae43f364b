"""Highest resident memory of a few updates of two checkouts of this project.

    python benchmarks/peak_memory.py --before PATH [--methods backprop dic] [--sides 481x321]

PATH is another checkout (git worktree add PATH COMMIT). A process each makes updates on a smooth
random image in float32; a JSON line a method, size and number of threads, in megabytes of the whole
process, imports and superpixels included. DSC is in its second stage.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
METHODS = ("backprop", "dic", "dsc")
WORKER = """
import resource, sys
import numpy as np
from scipy.ndimage import gaussian_filter
import napari_selfseg as ss
name, width, height, threads, updates = sys.argv[1], *map(int, sys.argv[2:])
planes = np.random.default_rng(0).random((height, width, 3))
image = (255 * gaussian_filter(planes, (4, 4, 0))).astype(np.uint8)
method = {
    "backprop": lambda: ss.Backprop(min_labels=1, iterations=1000),
    "dic": lambda: ss.DIC(iterations=1000),
    "dsc": lambda: ss.DSC(autoencoder_iterations=0, iterations=1000),
}[name]()
how = {"channel_axis": -1, "device": "cpu", "precision": "float32", "threads": threads}
run = ss.evolve(image, method, **how)
for _ in range(updates + 1):
    next(run)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def main() -> None:
    """Print a row a method, size and number of threads."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--sides", nargs="+", default=["481x321", "1024x1024"])
    parser.add_argument("--threads", nargs="+", type=int, default=[1])
    parser.add_argument("--updates", type=int, default=2)
    args = parser.parse_args()
    for method, side, threads in itertools.product(args.methods, args.sides, args.threads):
        words = [method, *side.split("x"), str(threads), str(args.updates)]
        before, now = (_megabytes(path, words) for path in (args.before, HERE))
        row = {"method": method, "pixels": side, "threads": threads, "before": before, "now": now}
        print(json.dumps(row), flush=True)


def _megabytes(checkout: Path, words: list[str]) -> int:
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src"), "OMP_NUM_THREADS": words[3]}
    command = [sys.executable, "-c", WORKER, *words]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return round(float(done.stdout))


if __name__ == "__main__":
    main()
