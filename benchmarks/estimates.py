"""Estimates against what runs take: time and memory, five sizes, three methods.

    python benchmarks/estimates.py [--rounds 1] [--sizes 128 256 384 512 768] [--isa native AVX2]

Every run is a process of its own, in float32, with a few iterations, the estimate being made for
the same ones; runs under ``ONEDNN_MAX_CPU_ISA=AVX2``, the instructions of an ordinary processor,
alternate with those of this machine. Rows go to ``benchmarks/results/estimates.jsonl``. Nothing
else should be at work: ``busy`` in a row is the time by the clock over that of the processors, at
most 1 on a quiet machine. Memory is the peak of the resident memory beyond that before the run
(Linux only).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from napari_selfseg import DIC, Backprop, Consensus
from napari_selfseg.machine.memory import release_freed_memory
from napari_selfseg.protocol import Trials, estimate, evolve
from napari_selfseg.protocol._estimates._picture import picture

RESULTS = Path(__file__).parent / "results" / "estimates.jsonl"
SIZES = (128, 256, 384, 512, 768)
METHODS = {
    "backprop": Backprop(iterations=4, min_labels=1),
    "dic": DIC(iterations=3, width=32),
    "consensus": Consensus(iterations=4, every=2, seeds=2),
}


def main() -> None:
    """Print a row a run."""
    args = _arguments()
    if args.one:
        print(json.dumps(_one(args.one, args.sizes[0], args.threads)))
        return
    RESULTS.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as cache, RESULTS.open("a") as file:
        for _ in range(args.rounds):
            for size in args.sizes:
                for method in args.methods:
                    for isa in args.isa:
                        row = _run(method, size, isa, args.threads, cache)
                        print(_in_words(row), flush=True)
                        file.write(json.dumps(row) + "\n")
                        file.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--isa", nargs="+", default=["native", "AVX2"])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--one", choices=list(METHODS), help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(method: str, size: int, isa: str, threads: int, cache: str) -> dict[str, object]:
    words = ["--one", method, "--sizes", str(size), "--threads", str(threads)]
    env = {**os.environ, "SELFSEG_TRIALS": cache}
    if isa != "native":
        env["ONEDNN_MAX_CPU_ISA"] = isa
    done = subprocess.run(
        [sys.executable, __file__, *words], env=env, check=True, capture_output=True, text=True
    )
    return {"method": method, "size": size, "isa": isa, **json.loads(done.stdout)}


def _one(name: str, size: int, threads: int) -> dict[str, object]:
    """Estimate a run, and make it."""
    method = METHODS[name]
    how = {"device": "cpu", "precision": "float32", "threads": threads}
    began = time.perf_counter()
    found = estimate(
        (size, size), 3, method, trials=Trials(Path(os.environ["SELFSEG_TRIALS"])), **how
    )
    trial = time.perf_counter() - began
    # What is loaded at the first run is there then.
    evolve(picture((48, 48), 3), method, channel_axis=-1, **how).finish()
    image = picture((size, size), 3)
    release_freed_memory()
    before = _resident("VmRSS", anew=True)
    wall, processor = time.perf_counter(), time.process_time()
    run = evolve(image, method, channel_axis=-1, **how).finish()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = _resident("VmHWM") - before
    return {
        "iterations": run.iteration,
        "threads": threads,
        "trial": round(trial, 2),
        "estimated": round(found.seconds, 3),
        "seconds": round(wall, 3),
        "estimated_processor": round(found.processor, 3),
        "processor": round(processor, 3),
        "busy": round(wall / processor, 2),
        "estimated_bytes": found.bytes,
        "bytes": peak,
        "of_time": round(found.seconds / wall, 3),
        "of_processor": round(found.processor / processor, 3),
        "of_memory": round(found.bytes / max(peak, 1), 3),
    }


def _resident(key: str, anew: bool = False) -> int:
    if not sys.platform.startswith("linux"):
        return 0
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    found = re.search(key + r":\s+(\d+)", status)
    return int(found[1]) * 1024 if found else 0


def _in_words(row: dict[str, object]) -> str:
    return (
        f"{row['method']} {row['size']} {row['isa']}: {row['estimated']} s said, {row['seconds']} "
        f"s taken ({row['of_time']}; processor {row['of_processor']}; busy {row['busy']}); memory "
        f"{row['of_memory']}; trial {row['trial']} s"
    )


if __name__ == "__main__":
    main()
