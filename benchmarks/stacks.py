"""Whether ids stay the same along a stack, and what fewer iterations cost in quality.

    python benchmarks/stacks.py --out benchmarks/results/stacks.jsonl --table

A JSON line a stack, method and way to carry over; lines already there are not computed again.
``independent@15`` gives every plane 15 iterations and nothing to begin with, ``warm@15`` as many
to each plane but the first, which has all of them. The stacks are the consecutive planes of two
sets of electron microscopy, which have ground truth, and a film without; all are made smaller by
``--shrink`` but the film. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from _scores import COLUMNS, METRICS, figures
from _sets import DATA, SETS, Case, ImageSet

from napari_selfseg import over_stack
from napari_selfseg.catalogue import METHODS
from napari_selfseg.parameters import parse

FILM = "mitocheck_movie_unlabelled"
STACKS = ("em_isbi2012", "em_drosophila_vnc", FILM)
WAYS = ("independent", "warm@30", "warm@15", "warm@6", "joint", "independent@30", "independent@15")
METHOD = "backprop:channels=32,iterations=60"


@dataclass(frozen=True)
class Plane:
    """What `figures` needs of a plane."""

    of: ImageSet
    truths: list[np.ndarray]


def main() -> None:
    """Fill the file of rows, and print them."""
    args = _arguments()
    rows = _rows(args.out)
    for seed in args.seeds:
        for name in args.sets:
            for way in args.ways:
                key = _key(args, name, way, seed)
                if all({k: row[k] for k in key} != key for row in rows):
                    rows.append({**key, **_measured(key, args.threads)})
                    with args.out.open("a") as lines:
                        lines.write(json.dumps(rows[-1]) + "\n")
    if args.table:
        _print(rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="*", default=STACKS, choices=STACKS)
    parser.add_argument("--ways", nargs="*", default=WAYS, metavar="CARRY[@N]")
    parser.add_argument("--method", default=METHOD, metavar="NAME[:FIELD=VALUE,...]")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--shrink", type=int, default=2, help="of the sets, not of the film")
    parser.add_argument("--planes", type=int, metavar="N", help="only the first N planes")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--table", action="store_true", help="also print the rows")
    return parser.parse_args()


def _rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def _key(args: argparse.Namespace, name: str, way: str, seed: int) -> dict[str, Any]:
    shrink = 1 if name == FILM else args.shrink
    common = {"method": args.method, "seed": seed, "planes": args.planes}
    return {"stack": name, "way": way, "shrink": shrink, **common}


def _measured(key: dict[str, Any], threads: int) -> dict[str, Any]:
    stack, planes = _stack(key["stack"], key["shrink"], key["planes"])
    carry, _, given = key["way"].partition("@")
    method = parse(key["method"], METHODS, "method").replace(seed=key["seed"])
    iterations = int(given) if given else None
    if iterations and carry == "independent":
        method, iterations = method.replace(iterations=iterations), None
    start = time.process_time()
    run = over_stack(
        stack, method, carry=carry, iterations=iterations, device="cpu", threads=threads
    ).finish()
    seconds = time.process_time() - start
    return {
        "seconds": round(seconds, 1),
        "iterations": run.record()["iterations"],
        "stop": run.stop_reason,
        **_along(run.out),
        **_against(run.out, planes),
    }


def _stack(name: str, shrink: int, n: int | None) -> tuple[np.ndarray, list[Plane]]:
    """Return images and truths, smaller: images as means of blocks, truths as one pixel of each."""
    if name == FILM:
        return tifffile.imread(DATA / "microscopy" / FILM / "movie.tif")[:n], []
    of = SETS[name]
    cases = [Case(of, each) for each in of.names()[:n]]
    stack = np.stack([_blocks(case.image.data, shrink) for case in cases])
    at = slice(shrink // 2, None, shrink)
    return stack, [Plane(of, [each[at, at] for each in case.truths]) for case in cases]


def _blocks(image: np.ndarray, n: int) -> np.ndarray:
    h, w = (length // n for length in image.shape)
    means = image[: h * n, : w * n].reshape(h, n, w, n).mean(axis=(1, 3))
    return np.rint(means).astype(image.dtype)


def _along(labels: np.ndarray) -> dict[str, float]:
    """Share of pixels that keep their id, and the share that would by chance."""
    ids = int(labels.max()) + 1
    shares = [np.bincount(plane.ravel(), minlength=ids) / plane.size for plane in labels]
    return {
        "agree": float(np.mean([np.mean(one == other) for one, other in pairwise(labels)])),
        "chance": float(np.mean([a @ b for a, b in pairwise(shares)])),
        "ids": len(np.unique(labels)),
        "ids_a_plane": float(np.mean([len(np.unique(plane)) for plane in labels])),
    }


def _against(labels: np.ndarray, planes: list[Plane]) -> dict[str, Any]:
    if not planes:
        return {}
    found = [
        figures(each.astype(np.int64), plane, finds_objects=False)
        for each, plane in zip(labels, planes, strict=True)
    ]
    columns = COLUMNS[planes[0].of.kind]
    scores = [[float(f"{one[name]:.6g}") for name in columns] for one in found]
    return {"columns": columns, "scores": scores}


def _print(rows: list[dict[str, Any]]) -> None:
    for name in dict.fromkeys(row["stack"] for row in rows):
        mine = [row for row in rows if row["stack"] == name]
        metrics = METRICS[SETS[name].kind] if name in SETS else ()
        heads = ["method", "way", "seeds", "ids agree", "by chance", "ids a plane", "updates"]
        print(f"\n`{name}`\n")
        _line([*heads, "processor seconds", *(metric.title for metric in metrics)])
        _line(["---"] * (len(heads) + 1 + len(metrics)))
        for method, way in dict.fromkeys((row["method"], row["way"]) for row in mine):
            same = [row for row in mine if (row["method"], row["way"]) == (method, way)]
            _line([method, way, str(len(same)), *_figures(same), *_quality(same, metrics)])


def _figures(same: list[dict[str, Any]]) -> list[str]:
    shown = (("agree", 3), ("chance", 3), ("ids_a_plane", 1), ("iterations", 0), ("seconds", 0))
    return [f"{np.mean([row[key] for row in same]):.{digits}f}" for key, digits in shown]


def _quality(same: list[dict[str, Any]], metrics: tuple[Any, ...]) -> list[str]:
    """Mean over the seeds, and from three seeds on their standard deviation."""
    found = []
    for metric in metrics:
        taken = [same[0]["columns"].index(name) for name in metric.columns]
        values = [metric.combine(np.array(row["scores"])[:, taken]) for row in same]
        spread = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 2 else ""
        found.append(f"{np.mean(values):.3f}{spread}")
    return found


def _line(cells: list[str]) -> None:
    print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
