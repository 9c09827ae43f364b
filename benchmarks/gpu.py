"""All methods on a graphics card: speed, memory, labels, and waiting for the card.

    python benchmarks/gpu.py [--image IMAGE] [--methods backprop dic ...] [--out ROWS.jsonl]
    python benchmarks/gpu.py --backprop-reference PATH/demo.py --dic-reference PATH/demo_DIC_BSD.py

A JSON line a method: seconds a step on the card and on the processor and their ratio, against the
public code where its path is given, which runs where it chooses; the peak of the card's memory;
how often a step waits for the card; and the adjusted Rand index of labels of the card and of the
processor with the same seed, beside the least of the processor with one seed and another: labels
are as equal as seeds let them be where the first is not below the second. Without a graphics card
it says so and exits with 2; --device cpu takes the processor in its place, to try the benchmark.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import torch
from _reference import run_reference, time_dic
from _synchronisations import waits_a_step

import napari_selfseg as ss
from napari_selfseg.metrics import adjusted_rand_index, contingency
from napari_selfseg.protocol import Method

WARM_UP = 2
METHODS = ("backprop", "continuity", "dic", "dsc", "deepcut", "sgseg")


def main() -> None:
    """Print a row a method."""
    args = _arguments()
    if args.device == "cuda" and not torch.cuda.is_available():
        print("There is no NVIDIA card here: --device cpu tries the benchmark without.")
        sys.exit(2)
    image = _image() if args.image is None else iio.imread(args.image)
    for name in args.methods:
        row = _row(args, name, image)
        print(json.dumps(row), flush=True)
        if args.out:
            with args.out.open("a") as file:
                file.write(json.dumps(row) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--image", type=Path, help="a photograph; a drawn one by default")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--iterations", type=int, default=50)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--values", type=json.loads, default={}, help="fields of all, as JSON")
    parser.add_argument("--backprop-reference", type=Path)
    parser.add_argument("--dic-reference", type=Path)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def method(name: str, iterations: int, **values: Any) -> Method:
    """Return a method that makes so many updates of the kind that is timed.

    Parameters
    ----------
    name : str
        One of `METHODS`.
    iterations : int
        Updates.
    **values
        Other fields, as far as it has them.

    Returns
    -------
    Method
    """
    kinds: dict[str, tuple[type[Method], dict[str, Any]]] = {
        "backprop": (ss.Backprop, {"min_labels": 1}),
        "continuity": (ss.Backprop, {"min_labels": 1, "variant": "continuity"}),
        "dic": (ss.DIC, {}),
        "dsc": (ss.DSC, {"autoencoder_iterations": 0}),
        "deepcut": (ss.DeepCut, {}),
        "sgseg": (ss.SGSeg, {"spnn_iterations": 0, "view_every": 100_000}),
    }
    kind, more = kinds[name]
    known = {key: value for key, value in values.items() if key in kind().as_dict()}
    return kind(iterations=iterations, **more, **known)


def _row(args: argparse.Namespace, name: str, image: np.ndarray) -> dict[str, Any]:
    timed = method(name, 1000, **args.values)
    here, there = (_timed(timed, image, each, args) for each in (args.device, "cpu"))
    row = {
        "method": name,
        "device": args.device,
        "precision": args.precision,
        "seconds": round(here, 5),
        "seconds_on_cpu": round(there, 5),
        "times_as_fast_as_cpu": round(there / here, 2),
        "megabytes": _megabytes(timed, image, args),
        "waits_a_step": _waits(timed, image, args),
    }
    return row | _reference(args, name, image, here) | _labels(args, name, image)


def _begun(timed: Method, image: np.ndarray, device: str, args: argparse.Namespace) -> ss.Run:
    how = {"channel_axis": -1, "device": device, "precision": args.precision}
    run = ss.evolve(image, timed, **how)
    for _ in range(WARM_UP):
        next(run)
    return run


def _timed(timed: Method, image: np.ndarray, device: str, args: argparse.Namespace) -> float:
    run, seconds = _begun(timed, image, device, args), []
    for _ in range(args.steps):
        begin = time.perf_counter()
        next(run)
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - begin)
    run.close()
    return float(np.median(seconds))


def _megabytes(timed: Method, image: np.ndarray, args: argparse.Namespace) -> int:
    """Return the peak of the card's memory; on a processor that of the process until now."""
    if args.device == "cpu":
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    torch.cuda.reset_peak_memory_stats()
    _begun(timed, image, args.device, args).close()
    return round(torch.cuda.max_memory_allocated() / 2**20)


def _waits(timed: Method, image: np.ndarray, args: argparse.Namespace) -> dict[str, float]:
    run = _begun(timed, image, args.device, args)
    found = waits_a_step(run, args.steps)
    run.close()
    return found


def _reference(
    args: argparse.Namespace, name: str, image: np.ndarray, here: float
) -> dict[str, float]:
    script = {"backprop": args.backprop_reference, "dic": args.dic_reference}.get(name)
    if script is None or args.image is None:
        return {}
    sizes = {"iterations": WARM_UP + args.steps, "threads": torch.get_num_threads()}
    where = script.resolve(), args.image.resolve()
    if name == "dic":
        algorithm = ss.DIC().default_superpixels()
        superpixels, _ = ss.over_segment(image, algorithm, channel_axis=-1)
        seconds = time_dic(*where, superpixels, **sizes)
    else:
        seconds = run_reference(*where, seed=0, **sizes).seconds
    reference = float(np.median(seconds[WARM_UP:]))
    return {"reference": round(reference, 5), "times_as_fast": round(reference / here, 2)}


def _labels(args: argparse.Namespace, name: str, image: np.ndarray) -> dict[str, Any]:
    """Compare labels of both devices, and of seeds."""
    how = {"channel_axis": -1, "precision": args.precision}

    def made(seed: int, device: str) -> np.ndarray:
        wanted = method(name, args.iterations, **args.values, seed=seed)
        return ss.segment(image, wanted, device=device, **how).labels()

    seeds = [made(seed, "cpu") for seed in range(args.seeds)]
    same = [_agreement(made(seed, args.device), labels) for seed, labels in enumerate(seeds)]
    spread = [_agreement(one, two) for one, two in itertools.combinations(seeds, 2)]
    return {
        "agreement": [round(float(each), 4) for each in same],
        "agreement_of_seeds": [round(float(each), 4) for each in spread],
        "within_spread": bool(np.mean(same) >= min(spread)),
    }


def _agreement(one: np.ndarray, two: np.ndarray) -> float:
    return adjusted_rand_index(contingency(one, two))


def _image() -> np.ndarray:
    """Draw discs of four colours on noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:321, :481]
    image = rng.normal(0.5, 0.05, (321, 481, 3))
    for colour in rng.random((24, 3)):
        row, column, radius = rng.random(3) * (321, 481, 50)
        image[(y - row) ** 2 + (x - column) ** 2 < radius**2] = colour
    return (255 * image.clip(0, 1)).astype(np.uint8)


if __name__ == "__main__":
    main()
