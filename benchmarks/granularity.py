"""What a granularity slider costs: the tree of a consensus, and a cut of it.

    python benchmarks/granularity.py [--out benchmarks/results/granularity.jsonl]

For each size a process of its own: about so many superpixels of noise, forty maps of a few classes
that follow it; seconds for counting disagreements with the spectral step, for the tree, for a
multicut; milliseconds for a cut of the superpixels and for a label image, medians; and the most
memory that Python allocates for it at a time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

# Height, width, superpixels.
CASES = ((481, 321, 700), (1024, 1024, 5000), (2048, 2048, 20_000))
WORKER = """
import json, statistics, sys, time, tracemalloc
import numpy as np
from scipy.ndimage import gaussian_filter
from napari_selfseg.hierarchy import Hierarchy
from napari_selfseg.superpixels import Slic
height, width, count = map(int, sys.argv[1:])
rng = np.random.default_rng(0)
image = gaussian_filter(rng.random((height, width, 3)), (6, 6, 0))
image = ((image - image.min()) / np.ptp(image)).astype(np.float32)
superpixels = Slic(n_segments=count, compactness=10)(image)
n = int(superpixels.max())
areas = np.bincount(superpixels.ravel())
means = np.bincount(superpixels.ravel(), image[..., 0].ravel()) / np.maximum(areas, 1)
maps = [np.digitize(means, np.sort(rng.random(rng.integers(2, 9)))) + 1 for _ in range(40)]
def timed(work):
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start
def median(work, times):
    return round(statistics.median(timed(work)[1] for _ in range(times)) * 1000, 3)
h, agreed = timed(lambda: Hierarchy.of(superpixels, {"maps": maps}))
_, tree = timed(lambda: h.tree)
ks = iter(np.resize(np.geomspace(2, n // 2, 50).astype(int), 1000))
row = {"size": [height, width], "superpixels": n, "edges": len(h.edges)}
row |= {"agreement_s": round(agreed, 3), "tree_s": round(tree, 3)}
row |= {"cut_ms": median(lambda: h.tree.cut(next(ks)), 200)}
row |= {"label_image_ms": median(lambda: h.cut(int(next(ks))), 50)}
row |= {"multicut_s": round(timed(lambda: h.votes(bias=0.6))[1], 3)}
tracemalloc.start()
Hierarchy.of(superpixels, {"maps": maps}).tree.cut(9)
row |= {"memory_mb": round(tracemalloc.get_traced_memory()[1] / 2**20, 1)}
print(json.dumps(row))
"""


def main() -> None:
    """Run each case and print it; append it to a file where one is given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    for case in CASES:
        command = [sys.executable, "-c", WORKER, *map(str, case)]
        line = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        print(json.dumps(json.loads(line)))
        if args.out:
            with args.out.open("a") as lines:
                lines.write(line + "\n")


if __name__ == "__main__":
    main()
