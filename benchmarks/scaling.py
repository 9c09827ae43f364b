"""What a run costs by image size and by number of superpixels: seconds and peak memory.

    python benchmarks/scaling.py --out benchmarks/results/scaling.jsonl [--plot PLOT.svg]

Each row is a process of its own on a synthetic image of three channels, with the parameters of
Backprop's defaults: seconds of an iteration (the median), of the superpixels, of the closing pass,
and the most resident memory beyond that of the imports. Rows already there are kept. The plot needs
matplotlib.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SIZES = (128, 256, 512, 1024)
COUNTS = (100, 1000, 10_000, 40_000)
FIXED_SIZE = 512
FIXED_COUNT = 10_000
PRECISIONS = ("float32", "bfloat16")
WORKER = """
import json, resource, sys, time
import numpy as np
from scipy.ndimage import gaussian_filter
from napari_selfseg import Backprop, Slic, evolve
from napari_selfseg.catalogue import over_segment
size, count, precision, iterations, threads = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
noise = np.random.default_rng(0).random((size, size, 3))
image = gaussian_filter(noise, (4, 4, 0))
image = ((image - image.min()) / np.ptp(image) * 255).astype(np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
labels, _ = over_segment(image, Slic(n_segments=count), channel_axis=-1)
cut = time.perf_counter() - start
method = Backprop(iterations=int(iterations), min_labels=1)
run = evolve(
    image, method, superpixels=labels, channel_axis=-1, device="cpu", precision=precision,
    threads=int(threads),
)
stamps = [time.perf_counter()]
for step in run:
    step.loss
    stamps.append(time.perf_counter())
gaps = np.diff(stamps)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({
    "superpixels": int(labels.max()), "cut": round(cut, 3),
    "iteration": round(float(np.median(gaps[2:-1])), 4), "closing": round(float(gaps[-1]), 3),
    "megabytes": round((peak - before) / 1024),
}))
"""


def main() -> None:
    """Measure what is missing, print the rows, and draw them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--iterations", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    points = [(size, FIXED_COUNT) for size in SIZES] + [(FIXED_SIZE, count) for count in COUNTS]
    for size, count in dict.fromkeys(points):
        for precision in PRECISIONS:
            _measure(args, {"size": size, "count": count, "precision": precision})
    rows = _rows(args.out)
    for row in rows:
        print(row)
    if args.plot:
        draw(rows, args.plot)


def _rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in out.read_text().splitlines()] if out.exists() else []


def _measure(args: argparse.Namespace, key: dict[str, Any]) -> None:
    key = {**key, "threads": args.threads}
    if any(all(row[name] == value for name, value in key.items()) for row in _rows(args.out)):
        return
    words = [key["size"], key["count"], key["precision"], args.iterations, args.threads]
    command = [sys.executable, "-c", WORKER, *map(str, words)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    with args.out.open("a") as lines:
        lines.write(json.dumps({**key, **json.loads(found)}) + "\n")


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw seconds and memory by size, and seconds by number of superpixels.

    Parameters
    ----------
    rows : list of dict
        As written.
    path : Path
        An SVG.
    """
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    for precision in PRECISIONS:
        own = [row for row in rows if row["precision"] == precision]
        by_size = sorted(
            (r["size"] ** 2, r["iteration"], r["megabytes"])
            for r in own
            if r["count"] == FIXED_COUNT
        )
        pixels, seconds, memory = zip(*by_size, strict=True)
        axes[0].plot(pixels, seconds, marker="o", label=precision)
        axes[1].plot(pixels, memory, marker="o", label=precision)
        by_count = sorted(
            (r["superpixels"], r["iteration"]) for r in own if r["size"] == FIXED_SIZE
        )
        axes[2].plot(*zip(*by_count, strict=True), marker="o", label=precision)
    texts = (
        ("pixels", "seconds an iteration"),
        ("pixels", "MB beyond the imports"),
        ("superpixels", "seconds an iteration"),
    )
    for axis, (x, y) in zip(axes, texts, strict=True):
        axis.set(xscale="log", xlabel=x, ylabel=y)
    for axis in axes[:2]:
        axis.set_yscale("log")
    axes[2].set_ylim(0, None)
    axes[2].set_title(f"{FIXED_SIZE} x {FIXED_SIZE} pixels", fontsize="medium")
    axes[0].legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
