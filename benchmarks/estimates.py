"""Estimates against what runs take: time and memory, five sizes, five methods.

    python benchmarks/estimates.py [--rounds 1] [--sizes 256 481x321 768 1024 1536]
        [--isa native AVX2] [--threads 1 2] [--precisions float32 auto]

Every run is a process of its own, with a few iterations, the estimate being made for the same ones;
runs under ``ONEDNN_MAX_CPU_ISA=AVX2``, the instructions of an ordinary processor, alternate with
those of this machine. Rows go to ``benchmarks/results/estimates.jsonl``. Nothing
else should be at work: ``busy`` in a row is the time by the clock over that of the processors, at
most 1 on a quiet machine. Memory is the peak of the resident memory beyond that before the run
(Linux only).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from napari_selfseg import DIC, DSC, Backprop, Consensus, Objects
from napari_selfseg.machine.memory import release_freed_memory
from napari_selfseg.protocol import Trials, estimate, evolve
from napari_selfseg.protocol._estimates._test_picture import picture

RESULTS = Path(__file__).parent / "results" / "estimates.jsonl"
SIZES = ("256", "481x321", "768", "1024", "1536")
METHODS = {
    "backprop": Backprop(iterations=4, min_labels=1),
    "dic": DIC(iterations=3, width=32),
    "dsc": DSC(autoencoder_iterations=2, iterations=5),
    "consensus": Consensus(iterations=4, every=2, seeds=2),
    "objects": Objects(),
}


def main() -> None:
    """Print a row a run."""
    args = _arguments()
    if args.one:
        print(json.dumps(_one(args.one, args.sizes[0], args.threads[0], args.precisions[0])))
        return
    args.out.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as cache, args.out.open("a") as file:
        each = (args.sizes, args.methods, args.precisions, args.threads, args.isa)
        for _, *words in itertools.product(range(args.rounds), *each):
            row = _run(*words, cache)
            print(_in_words(row), flush=True)
            file.write(json.dumps(row) + "\n")
            file.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--isa", nargs="+", default=["native", "AVX2"])
    parser.add_argument("--threads", type=int, nargs="+", default=[os.cpu_count() or 1])
    parser.add_argument("--precisions", nargs="+", default=["float32"])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--one", choices=list(METHODS), help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(
    size: str, method: str, precision: str, threads: int, isa: str, cache: str
) -> dict[str, object]:
    words = ["--one", method, "--sizes", size, "--threads", str(threads), "--precisions", precision]
    env = {**os.environ, "SELFSEG_TRIALS": cache}
    if isa != "native":
        env["ONEDNN_MAX_CPU_ISA"] = isa
    done = subprocess.run(
        [sys.executable, __file__, *words], env=env, check=True, capture_output=True, text=True
    )
    row = {"method": method, "size": size, "isa": isa, "precision": precision}
    return {**row, **json.loads(done.stdout)}


def _one(name: str, size: str, threads: int, precision: str) -> dict[str, object]:
    """Estimate a run, and make it."""
    method = METHODS[name]
    width, _, height = size.partition("x")
    shape = (int(height or width), int(width))
    how = {"device": "cpu", "precision": precision, "threads": threads}
    began = time.perf_counter()
    found = estimate(shape, 3, method, trials=Trials(Path(os.environ["SELFSEG_TRIALS"])), **how)
    trial = time.perf_counter() - began
    # What is loaded at the first run is there then.
    evolve(picture((48, 48), 3), method, channel_axis=-1, **how).finish()
    image = picture(shape, 3)
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
    cell = " ".join(str(row[key]) for key in ("method", "size", "precision", "threads", "isa"))
    return (
        f"{cell}: {row['estimated']} s said, {row['seconds']} s taken ({row['of_time']}; processor "
        f"{row['of_processor']}; busy {row['busy']}); memory {row['of_memory']}; trial "
        f"{row['trial']} s"
    )


if __name__ == "__main__":
    main()
