"""What are corrections worth? Doubtful objects first, and objects grown from a click.

    python benchmarks/review.py [--sets SET ...] [--images N] [--most PIXELS]

*Objects* with its defaults on N evenly spread images of each set of at most so many pixels. Printed
are, set by set:

- the area under the curve (pooled over images) with which `napari_selfseg.editing.Certainty` tells
  objects that match one of the truth (IoU of .5) from those that do not;
- clicks in the middle of objects of the truth, up to 60 an image: *again* where the object that
  matches it was taken away first, *missed* where none matches and none lies there. What is grown
  is compared with the truth;
- *nothing*: clicks at least a radius away from what was found and from the truth, 15 an image,
  and how many are refused.

Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse

import numpy as np
from _sets import SETS, Case
from objects import ONE
from scipy import ndimage as ndi

from napari_selfseg import Objects, segment
from napari_selfseg.editing import Certainty, Evidence, ObjectEdits

FEW, MOST = 60, 15


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", default=("dsb2018_fluo", "dsb2018_histology"))
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--most", type=int, default=600_000)
    args = parser.parse_args()
    for name in args.sets:
        names = SETS[name].names()
        chosen = names[1 :: max(1, len(names) // args.images)][: args.images]
        cases = [Case(SETS[name], each) for each in chosen]
        _print(name, [_figures(each) for each in cases if _pixels(each) <= args.most])


def _pixels(case: Case) -> int:
    return int(np.prod(case.truths[0].shape))


def _figures(case: Case) -> dict[str, list[tuple[float, bool]] | list[float]]:
    image, truth, rng = case.image.data, case.truths[0], np.random.default_rng(0)
    axis = case.image.channel_axis
    labels = segment(image, Objects(), channel_axis=axis, **ONE).labels().astype(np.int32)
    evidence = Evidence(image, channel_axis=axis)
    matches = {each: _match(labels == each, truth)[1] for each in np.unique(labels) if each}
    found = {"certainty": [(q, matches[k] >= 0.5) for k, q in Certainty(labels).values().items()]}
    found |= {"again": [], "missed": [], "nothing": []}
    numbers = [each for each in np.unique(truth) if each > 0]
    for number in rng.permutation(numbers)[:FEW]:
        mask = truth == number
        middle, (own, iou) = _middle(mask), _match(mask, labels)
        left = np.where((labels == own) & (iou >= 0.5), 0, labels)
        if not left[middle]:
            found["again" if iou >= 0.5 else "missed"].append(_grown(left, evidence, middle, mask))
    away = ndi.distance_transform_edt((labels == 0) & (truth <= 0))
    sizes = np.bincount(labels.ravel())[1:]
    far = np.argwhere(away > np.sqrt(np.median(sizes[sizes > 0]) / np.pi))
    for place in rng.permutation(far)[:MOST]:
        found["nothing"].append(_grown(labels, evidence, tuple(place), truth < 0))
    return found


def _match(mask: np.ndarray, others: np.ndarray) -> tuple[int, float]:
    """Return the label that covers most of an object, and their IoU."""
    counts = np.bincount(np.maximum(others[mask], 0))
    counts[0] = 0
    best = int(counts.argmax())
    if not counts[best]:
        return -1, 0.0
    return best, counts[best] / np.count_nonzero(mask | (others == best))


def _middle(mask: np.ndarray) -> tuple[int, ...]:
    deep = ndi.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return tuple(int(each) for each in np.unravel_index(deep.argmax(), deep.shape))


def _grown(labels: np.ndarray, evidence: Evidence, point: tuple, mask: np.ndarray) -> float:
    """Return the IoU of what a click grows; -1 where it is refused."""
    objects = ObjectEdits(labels.copy(), evidence)
    try:
        objects.add(point)
    except ValueError:
        return -1.0
    grown = objects.labels == objects.at(point)
    return np.count_nonzero(grown & mask) / np.count_nonzero(grown | mask)


def _print(name: str, rows: list[dict]) -> None:
    certain = [pair for row in rows for pair in row["certainty"]]
    right = np.array([good for _, good in certain])
    rank = np.argsort(np.argsort([q for q, _ in certain], kind="stable")) + 1
    n, m = right.sum(), (~right).sum()
    area = (rank[right].sum() - n * (n + 1) / 2) / (n * m)
    print(f"{name}: {len(rows)} images, {n} right and {m} wrong objects, area {area:.3f}")
    for what in ("again", "missed", "nothing"):
        iou = np.array([each for row in rows for each in row[what]])
        good = f", IoU of .5 {np.mean(iou >= 0.5):.2f}, of .7 {np.mean(iou >= 0.7):.2f}"
        print(f"  {what}: {len(iou)}, refused {np.mean(iou < 0):.2f}{good}")


if __name__ == "__main__":
    main()
