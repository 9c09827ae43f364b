"""Is Backprop as good as the public reference? Paired covering on BSDS training images.

    python benchmarks/same_quality.py --reference PATH/demo.py --out ROWS.jsonl

The same iterations, superpixels and channels, several seeds; a JSON line an image, seed and
implementation, rows already there are kept. At the end the paired differences of the means over
the seeds with their standard error. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import defaultdict
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from _reference import run_reference
from scipy.io import loadmat

from napari_selfseg import Backprop, segment
from napari_selfseg.metrics import covering

PROJECT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("SELFSEG_DATA") or PROJECT.parent / "shared" / "data")
BSDS = DATA / "bsds500" / "data"


def main() -> None:
    """Fill the file of rows, then print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--iterations", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    args = parser.parse_args()
    names = (DATA / "splits" / "bsds_dev20_train.txt").read_text().split()[: args.images]
    for seed in range(args.seeds):
        for name in names:
            for what in ("reference", *args.precisions):
                _row(args, name, seed, what)
    _compare(args.out)


def _rows(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def _row(args: argparse.Namespace, name: str, seed: int, what: str) -> None:
    key = {"image": name, "seed": seed, "what": what, "iterations": args.iterations}
    if any(all(row[k] == v for k, v in key.items()) for row in _rows(args.out)):
        return
    labels = _labels(args, BSDS / "images" / "train" / f"{name}.jpg", seed, what)
    truth = loadmat(BSDS / "groundTruth" / "train" / f"{name}.mat")["groundTruth"][0]
    found = covering(labels, [each["Segmentation"][0, 0] for each in truth])
    row = {
        **key,
        "covered": found.covered,
        "total": found.total,
        "segments": len(np.unique(labels)),
    }
    with args.out.open("a") as lines:
        lines.write(json.dumps(row) + "\n")


def _labels(args: argparse.Namespace, image: Path, seed: int, what: str) -> np.ndarray:
    if what == "reference":
        return run_reference(
            args.reference.resolve(),
            image,
            iterations=args.iterations,
            seed=seed,
            threads=args.threads,
        ).labels
    method = Backprop(iterations=args.iterations, seed=seed)
    run = segment(iio.imread(image), method, channel_axis=-1, precision=what, threads=args.threads)
    # The reference writes its labels before the vote.
    return run.fit.predict(iio.imread(image), channel_axis=-1, threads=args.threads)


def _compare(out: Path) -> None:
    coverings: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in _rows(out):
        coverings[str(row["what"])][str(row["image"])].append(row["covered"] / row["total"])
    means = {what: {i: np.mean(v) for i, v in by.items()} for what, by in coverings.items()}
    for what, by_image in means.items():
        common = sorted(set(by_image) & set(means["reference"]))
        difference = np.array([by_image[i] - means["reference"][i] for i in common])
        error = difference.std(ddof=1) / len(common) ** 0.5
        mean = np.mean([by_image[i] for i in common])
        print(
            f"{what:10} SC {mean:.4f}  minus reference {difference.mean():+.4f} "
            f"+- {error:.4f} (standard error, {len(common)} images)"
        )


if __name__ == "__main__":
    main()
