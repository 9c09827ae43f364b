"""Seconds a training step of two checkouts of this project, one beside the other.

    python benchmarks/steps.py --before PATH --image IMAGE --out steps.jsonl [--steps 5]

PATH is another checkout (git worktree add PATH COMMIT). Both keep a process each and take a step in
turns, so that whatever else the machine does befalls both; the ratio is the median of the ratios of
pairs of steps: of processor time with one thread, which other programs hardly change, by the clock
with several. DSC is timed in its second stage; SPNN, whose updates are not seen from outside, as
superpixels of 20 updates. ONEDNN_MAX_CPU_ISA=AVX2 makes a processor one with AVX2 alone. Rows that
are in the file already are not measured again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parents[1]
METHODS = ("backprop", "dic", "dsc", "spnn", "sgseg")
PROCESSORS = {"native": {}, "AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2"}}
WARM_UP = 2
WORKER = """
import resource, sys, time
import imageio.v3 as iio
import napari_selfseg as ss
from napari_selfseg import superpixels
name, image, precision, threads = sys.argv[1:]
image = iio.imread(image)
how = {"channel_axis": -1, "device": "cpu", "precision": precision, "threads": int(threads)}
many = {"iterations": 1000}
methods = {
    "backprop": lambda: ss.Backprop(min_labels=1, **many),
    "dic": lambda: ss.DIC(**many),
    "dsc": lambda: ss.DSC(autoencoder_iterations=0, **many),
    "sgseg": lambda: ss.SGSeg(spnn_iterations=0, view_every=100000, **many),
}
if name == "spnn":
    import torch
    torch.set_num_threads(int(threads))
    step = lambda: superpixels.Spnn(iterations=20)(image / 255.0)
else:
    run = iter(ss.evolve(image, methods[name](), **how))
    step = lambda: next(run)
for _ in sys.stdin:
    begin, processor = time.perf_counter(), time.process_time()
    step()
    seconds, processor = time.perf_counter() - begin, time.process_time() - processor
    print(seconds, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
"""


class Worker:
    """A checkout at work, a step at a time."""

    def __init__(self, checkout: Path, words: list[str], processor: str) -> None:
        environment = {**os.environ, **PROCESSORS[processor], "PYTHONPATH": str(checkout / "src")}
        environment["OMP_NUM_THREADS"] = words[-1]
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.megabytes = 0.0

    def step(self) -> tuple[float, float]:
        """Take a step; return its seconds by the clock and of the processor."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("step\n")
        self._process.stdin.flush()
        seconds, processor, megabytes = map(float, self._process.stdout.readline().split())
        self.megabytes = megabytes
        return seconds, processor

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


def main() -> None:
    """Write a row a method, processor, precision and number of threads."""
    args = _arguments()
    known = _known(args.out)
    cells = itertools.product(args.methods, args.processors, args.threads, args.precisions)
    for method, processor, threads, precision in cells:
        cell = {"method": method, "processor": processor, "threads": threads, "type": precision}
        # What was automatic before would be in bfloat16, which is imitated there: 17 s a step.
        if cell in known or (processor == "AVX2" and precision == "auto"):
            continue
        row = {**cell, **_measured(args, cell)}
        print(json.dumps(row), flush=True)
        with args.out.open("a") as file:
            file.write(json.dumps(row) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--processors", nargs="+", choices=PROCESSORS, default=list(PROCESSORS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--precisions", nargs="+", default=["float32", "auto"])
    return parser.parse_args()


def _known(file: Path) -> list[dict[str, object]]:
    if not file.exists():
        return []
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return [{key: row[key] for key in ("method", "processor", "threads", "type")} for row in rows]


def _measured(args: argparse.Namespace, cell: dict[str, object]) -> dict[str, object]:
    words = [cell["method"], str(args.image), cell["type"], str(cell["threads"])]
    pair = [Worker(path, words, cell["processor"]) for path in (args.before, HERE)]
    try:
        steps = [[worker.step() for worker in pair] for _ in range(WARM_UP + args.steps)]
    finally:
        for worker in pair:
            worker.end()
    kind = 1 if cell["threads"] == 1 else 0
    before, after = np.array(steps[WARM_UP:])[:, :, kind].T
    ratios = before / after
    return {
        "clock": ("wall", "processor")[kind],
        "seconds_before": round(float(np.median(before)), 4),
        "seconds": round(float(np.median(after)), 4),
        "times_faster": round(float(np.median(ratios)), 2),
        "least": round(float(ratios.min()), 2),
        "most": round(float(ratios.max()), 2),
        "megabytes_before": round(pair[0].megabytes),
        "megabytes": round(pair[1].megabytes),
        "steps": args.steps,
    }


if __name__ == "__main__":
    main()
