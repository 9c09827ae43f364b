"""Do ten strokes help? IoU of nuclei on stained tissue, with scribbles and without, paired.

    python benchmarks/scribbles.py --out ROWS.jsonl

Five strokes inside nuclei (class 1) and five on the rest (class 2), three pixels wide, are drawn at
random from the ground truth. With them the nuclei are label 1, and nobody chooses. Without them
the labels have no meaning, and the ground truth chooses: the single label with the best IoU, or
every label most of whose pixels lie in nuclei (which rises with the number of labels). Pixels under
a stroke count in no figure. A JSON line an image, seed and setting; rows already there are kept.
Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
from scipy import ndimage
from skimage.draw import line

from napari_selfseg import Backprop, segment

PROJECT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("SELFSEG_DATA") or PROJECT.parent / "shared" / "data")
TISSUE = DATA / "microscopy" / "dsb2018_histology"
LARGEST = 512
STROKES = 5
NUCLEUS_AREA = 60
LENGTHS = (60, 30, 15)
TRIES = 2000
BRUSH = np.ones((3, 3), bool)


def main() -> None:
    """Fill the file of rows, then print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", nargs="+", default=names(), help="names without ending")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", default=["superpixels", "continuity"])
    parser.add_argument("--weights", type=float, nargs="+", default=[0.5], help="of scribbles")
    parser.add_argument("--iterations", type=int, default=100)
    parser.add_argument("--channels", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    for seed in args.seeds:
        for variant in args.variants:
            for weight in (None, *args.weights):
                for name in args.images:
                    _row(args, name, seed, variant, weight)
    _compare(args.out, args.seeds)


def names() -> list[str]:
    """Return the names of all images."""
    return sorted(path.stem for path in (TISSUE / "images").glob("*.png"))


def tissue(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Read an image and its nuclei, one number a nucleus, cut to a size that is quick."""
    image, nuclei = (iio.imread(TISSUE / each / f"{name}.png") for each in ("images", "labels"))
    return image[:LARGEST, :LARGEST, :3], nuclei[:LARGEST, :LARGEST]


def strokes(nuclei: np.ndarray, seed: int) -> np.ndarray:
    """Draw as a person would: 1 along nuclei, 2 across what lies between them."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros(nuclei.shape, int)
    values, areas = np.unique(nuclei[nuclei > 0], return_counts=True)
    for each in rng.permutation(values[areas >= NUCLEUS_AREA])[:STROKES]:
        drawn[_along(nuclei == each, rng)] = 1
    free = ~ndimage.binary_dilation(nuclei > 0, BRUSH)
    for _ in range(STROKES):
        drawn[_across(free, rng)] = 2
    return drawn


def _along(nucleus: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Join two points that lie far apart inside a nucleus, and stay in it."""
    core = ndimage.binary_erosion(nucleus, BRUSH)
    points = np.argwhere(core if core.any() else nucleus)
    start = points[rng.integers(len(points))]
    end = points[np.square(points - start).sum(1).argmax()]
    return _stroke(start, end, nucleus.shape) & nucleus


def _across(free: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw straight over free pixels: as long as there is room for."""
    points = np.argwhere(free)
    for length in LENGTHS:
        for _ in range(TRIES):
            start, angle = points[rng.integers(len(points))], rng.uniform(0, 2 * np.pi)
            end = start + np.rint(length * np.array([np.sin(angle), np.cos(angle)])).astype(int)
            if ((end < 0) | (end >= free.shape)).any():
                continue
            if free[found := _stroke(start, end, free.shape)].all():
                return found
    raise ValueError("There is no room for a stroke between the nuclei.")


def _stroke(start: np.ndarray, end: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    drawn = np.zeros(shape, bool)
    drawn[line(*start, *end)] = True
    return ndimage.binary_dilation(drawn, BRUSH)


def figures(labels: np.ndarray, nuclei: np.ndarray, seen: np.ndarray) -> dict[str, float]:
    """Return the IoU of nuclei for each way to say which labels are nuclei."""
    labels, truth = labels[seen], nuclei[seen] > 0
    found = np.unique(labels)
    inside = {each: truth[labels == each].mean() for each in found}
    return {
        "label 1": _iou(labels == 1, truth),
        "best label": max(_iou(labels == each, truth) for each in found),
        "majority": _iou(np.isin(labels, [each for each in found if inside[each] > 0.5]), truth),
        "segments": len(found),
    }


def _iou(found: np.ndarray, truth: np.ndarray) -> float:
    return float((found & truth).sum() / max((found | truth).sum(), 1))


def _rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in out.read_text().splitlines()] if out.exists() else []


def _row(
    args: argparse.Namespace, name: str, seed: int, variant: str, weight: float | None
) -> None:
    sizes = {"iterations": args.iterations, "channels": args.channels}
    key = {"image": name, "seed": seed, "variant": variant, "weight": weight, **sizes}
    if any(all(row[k] == v for k, v in key.items()) for row in _rows(args.out)):
        return
    image, nuclei = tissue(name)
    drawn = strokes(nuclei, seed)
    given = {} if weight is None else {"scribble_weight": weight}
    run = segment(
        image,
        Backprop(seed=seed, variant=variant, **sizes, **given),
        channel_axis=-1,
        scribbles=None if weight is None else drawn,
        threads=args.threads,
    )
    found = figures(run.labels(), nuclei, drawn == 0)
    with args.out.open("a") as lines:
        lines.write(json.dumps({**key, "done": run.iteration, **found}) + "\n")


def _compare(out: Path, seeds: list[int]) -> None:
    """Print means over the seeds, image by image, and the paired differences."""
    by_setting: dict[Any, Any] = defaultdict(lambda: defaultdict(list))
    for row in [each for each in _rows(out) if each["seed"] in seeds]:
        setting = (row["variant"], row["iterations"], row["channels"])
        by_setting[setting, row["weight"]][row["image"]].append(row)
    for (setting, weight), with_strokes in by_setting.items():
        without = by_setting.get((setting, None))
        if weight is None or not without:
            continue
        print(f"\n{setting[0]}, {setting[1]} iterations, {setting[2]} channels, weight {weight}")
        _table(with_strokes, without)


def _table(with_strokes: dict[str, Any], without: dict[str, Any]) -> None:
    common = sorted(set(with_strokes) & set(without))
    ours = np.array([_mean(with_strokes[name], "label 1") for name in common])
    print(f"{'image':18} strokes  best label  majority (segments)")
    for name, value in zip(common, ours, strict=True):
        best, majority = (_mean(without[name], each) for each in ("best label", "majority"))
        segments = _mean(without[name], "segments")
        print(f"{name:18} {value:7.3f}  {best:10.3f}  {majority:8.3f} ({segments:.0f})")
    print(f"{'mean':18} {ours.mean():7.3f}")
    for choice in ("best label", "majority"):
        difference = ours - [_mean(without[name], choice) for name in common]
        error = difference.std(ddof=1) / len(common) ** 0.5 if len(common) > 1 else float("nan")
        print(
            f"strokes minus {choice}: {difference.mean():+.3f} +- {error:.3f} "
            f"(standard error, {len(common)} images)"
        )


def _mean(rows: list[dict[str, Any]], figure: str) -> float:
    return float(np.mean([row[figure] for row in rows]))


if __name__ == "__main__":
    main()
