"""Seconds per iteration, ours in each precision against the public code of the method.

    python benchmarks/speed.py --reference PATH/demo.py --image IMAGE [--rounds 5]
    python benchmarks/speed.py --method dic --reference PATH/demo_DIC_BSD.py --image IMAGE

Both run the same image, superpixels, sizes of the network and number of threads: Backprop with
SLIC (10 000, compactness 100) and 100 channels; DIC with Felzenszwalb's and C = 100, M = 32. Runs
of a few iterations alternate, and ratios are taken round by round.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from _reference import run_reference, time_dic

from napari_selfseg import DIC, Backprop
from napari_selfseg.catalogue import over_segment

WARM_UP = 2
OURS = """
import json, sys
import imageio.v3 as iio
import numpy as np
from napari_selfseg import evolve
from napari_selfseg.catalogue import METHODS
from napari_selfseg.parameters import restore
method, image, superpixels, precision, threads = sys.argv[1:]
run = evolve(
    iio.imread(image), restore(json.loads(method), METHODS, "method"),
    superpixels=np.load(superpixels), channel_axis=-1, device="cpu", precision=precision,
    threads=int(threads),
)
for step in run:
    step.loss, step.n_labels
    print("step", step.iteration, flush=True)
"""


def main() -> None:
    """Print a row a precision."""
    args = _arguments()
    _report(args.method, _rounds(args))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--method", choices=("backprop", "dic"), default="backprop")
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    return parser.parse_args()


def _rounds(args: argparse.Namespace) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in ("reference", *args.precisions)}
    kind = {"backprop": Backprop, "dic": DIC}[args.method]
    method = kind(iterations=args.iterations, min_labels=1)
    superpixels, _ = over_segment(
        iio.imread(args.image), method.default_superpixels(), channel_axis=-1
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "superpixels.npy"
        np.save(file, superpixels)
        for _ in range(args.rounds):
            found["reference"].append(_reference(args, superpixels))
            for precision in args.precisions:
                found[precision].append(_ours(args, json.dumps(method.as_dict()), file, precision))
    return found


def _reference(args: argparse.Namespace, superpixels: np.ndarray) -> float:
    script, image = args.reference.resolve(), args.image.resolve()
    sizes = {"iterations": args.iterations, "threads": args.threads}
    if args.method == "dic":
        seconds = time_dic(script, image, superpixels, **sizes)
    else:
        seconds = run_reference(script, image, seed=0, **sizes).seconds
    return float(np.median(seconds[WARM_UP:]))


def _ours(args: argparse.Namespace, method: str, superpixels: Path, precision: str) -> float:
    words = [method, str(args.image), str(superpixels), precision, str(args.threads)]
    process = subprocess.Popen(
        [sys.executable, "-c", OURS, *words], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    # The last step is the closing forward, which the reference does not time either.
    stamps = [time.perf_counter() for _ in process.stdout][:-1]
    if process.wait():
        raise RuntimeError(f"Our run ended with exit code {process.returncode}.")
    return float(np.median(np.diff(stamps)[WARM_UP:]))


def _report(method: str, found: dict[str, list[float]]) -> None:
    reference = np.array(found["reference"])
    for name, seconds in found.items():
        ratios = reference / np.array(seconds)
        row = {
            "method": method,
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
