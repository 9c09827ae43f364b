"""What do the parts of DSC do? The experiments of its tables I and III, on a few images.

    python benchmarks/ablation.py --list bsds_check25_val --first 4 \
        --out benchmarks/results/ablation.jsonl [--table]

Table I: about 100 superpixels (Felzenszwalb) of the image (IMG); of the image that SuperAE
reconstructs without (REC) and with the template (TEM); these superpixels merged by DSC with the
labels' loss alone (L1) and with the cut (L1 + L2). Table III: about 100 superpixels (SLIC), parted
by k-means and by normalised cuts of their mean colours and of their mean features (the levels of
SuperAE's encoder), and by DSC, into 8, 16, 32 and 64.

A JSON line an image and experiment; lines already there are not computed again. Differences are
paired, with standard errors over the images. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _scores import PRI, SC, VOI, figures
from _sets import SETS, Case, read_list
from scipy.cluster.vq import kmeans2

import napari_selfseg as ss
from napari_selfseg.catalogue import over_segment
from napari_selfseg.graphs import affinities, near, normalised_cut
from napari_selfseg.nets.layers.pooling import halved
from napari_selfseg.regions import centroids, mean
from napari_selfseg.superpixels import Felzenszwalb, Slic

PARTITIONS = (8, 16, 32, 64)
WANTED = 100  # superpixels
SCALES = (50, 100, 150, 200, 300, 400, 500, 700, 1000)
TRAINED = {"iterations": 100, "autoencoder_iterations": 100}
AFTER = 228
METRICS = (SC, PRI, VOI)
Scores = dict[str, dict[str, float]]  # by image
COMPONENTS = ("IMG", "REC", "TEM", "TEM, L1", "TEM, L1 + L2")


class Parts:
    """The experiments on one image; what several need is made once."""

    def __init__(self, case: Case, threads: int) -> None:
        self._image, self._axis = case.image.data, case.image.channel_axis
        self._scaled = case.scaled
        self._how = {"channel_axis": self._axis, "threads": threads, "device": "cpu"}

    def components(self) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
        """Name the rows of table I, and what makes them."""
        merged = {"TEM, L1": 0.0, "TEM, L1 + L2": ss.DSC().cut_weight}
        yield "IMG", lambda: self._regions
        yield "REC", lambda: self._about(self._smooth(0.0).smoothed(self._image, **self._how))
        yield "TEM", lambda: self._template_regions
        for name, weight in merged.items():
            yield name, lambda weight=weight: self._cut(weight)

    def clusterings(self) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
        """Name the rows of table III, and what makes them."""
        for k in PARTITIONS:
            for what in ("RGB", "deep"):
                yield f"k-means, {what}, {k}", lambda what=what, k=k: self._kmeans(what, k)
                yield f"normalised cut, {what}, {k}", lambda what=what, k=k: self._ncut(what, k)
            yield f"DSC, {k}", lambda k=k: self._parted(k)

    # Table I

    @cached_property
    def _regions(self) -> np.ndarray:
        return self._about(self._image)

    @cached_property
    def _trained(self) -> Any:
        return self._smooth(ss.DSC().template_weight)

    @cached_property
    def _template_regions(self) -> np.ndarray:
        return self._about(self._trained.smoothed(self._image, **self._how))

    def _smooth(self, template_weight: float) -> Any:
        """Train SuperAE on the superpixels of the image."""
        method = ss.DSC(**TRAINED, template_weight=template_weight)
        return ss.segment(self._image, method, superpixels=self._regions, **self._how).fit

    def _cut(self, cut_weight: float) -> np.ndarray:
        method = ss.DSC(iterations=AFTER - TRAINED["iterations"], cut_weight=cut_weight)
        given = {"superpixels": self._template_regions, "start": self._trained}
        return ss.segment(self._image, method, **given, **self._how).labels()

    def _about(self, image: np.ndarray) -> np.ndarray:
        """Cut into about as many superpixels as wanted, at the best scale of a few."""
        found = [
            over_segment(image, Felzenszwalb(scale=scale), channel_axis=self._axis)[0]
            for scale in SCALES
        ]
        return min(found, key=lambda labels: abs(int(labels.max()) - WANTED))

    # Table III

    @cached_property
    def _nodes(self) -> np.ndarray:
        return over_segment(
            self._image, Slic(n_segments=WANTED, compactness=10), channel_axis=self._axis
        )[0]

    @cached_property
    def _of_nodes(self) -> Any:
        method = ss.DSC(**TRAINED)
        return ss.segment(self._image, method, superpixels=self._nodes, **self._how).fit

    @cached_property
    def _features(self) -> dict[str, np.ndarray]:
        x = torch.from_numpy(np.moveaxis(self._scaled, -1, 0).copy())[None]
        with torch.no_grad():
            levels = self._of_nodes.restored(torch.device("cpu")).smoother.levels(
                x, halved(None, 3)
            )
        size = x.shape[2:]
        enlarged = [torch.nn.functional.interpolate(each, size, mode="nearest") for each in levels]
        return {"RGB": self._pooled(x), "deep": self._pooled(torch.cat(enlarged, dim=1))}

    def _pooled(self, x: torch.Tensor) -> np.ndarray:
        index = torch.from_numpy(self._nodes.astype(np.int64))[None]
        return mean(x, index, int(index.max()))[1:].numpy().astype(np.float64)

    def _kmeans(self, what: str, k: int) -> np.ndarray:
        rows = self._features[what]
        _, cluster = kmeans2(rows, k, iter=30, minit="++", rng=np.random.default_rng(0))
        return (cluster + 1)[self._nodes - 1]

    def _ncut(self, what: str, k: int) -> np.ndarray:
        rows, n = self._features[what], int(self._nodes.max())
        index = torch.from_numpy(self._nodes.astype(np.int64))[None]
        # As far as DSC looks: two widths of a superpixel.
        distance = 2 * (self._nodes.size / n) ** 0.5
        edges = near(centroids(index, n, [1.0, 1.0, 1.0])[1:, 1:].numpy(), distance)
        apart = np.linalg.norm(rows[edges[:, 0]] - rows[edges[:, 1]], axis=1)
        return normalised_cut(affinities(rows, edges, float(np.median(apart))), k)[self._nodes - 1]

    def _parted(self, k: int) -> np.ndarray:
        method = ss.DSC(partitions=k)
        return ss.segment(self._image, method, superpixels=self._nodes, **self._how).labels()


def main() -> None:
    """Fill the file of rows, or print the tables."""
    args = _arguments()
    names = read_list(args.list)[: args.first]
    if args.table:
        _print(_rows(args.out), names)
        return
    for name in names:
        _fill(args.out, Case(SETS[args.set], name), args.threads)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", default="bsds500-val", choices=SETS)
    parser.add_argument("--list", required=True, help="file of names, or one of the folder splits")
    parser.add_argument("--first", type=int, metavar="N", help="only the first N images")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--table", action="store_true", help="run nothing")
    return parser.parse_args()


def _rows(out: Path) -> dict[tuple[str, str], dict[str, float]]:
    lines = map(json.loads, out.read_text().splitlines()) if out.exists() else ()
    return {(row["image"], row["what"]): row["scores"] for row in lines}


def _fill(out: Path, case: Case, threads: int) -> None:
    parts = Parts(case, threads)
    for what, make in (*parts.components(), *parts.clusterings()):
        if (case.name, what) not in _rows(out):
            scores = figures(make(), case, finds_objects=False)
            row = {"image": case.name, "what": what, "scores": scores}
            with out.open("a") as lines:
                lines.write(json.dumps(row) + "\n")


def _print(rows: dict[tuple[str, str], dict[str, float]], names: list[str]) -> None:
    print("|  | images | segments | SC | PRI | VoI | SC: difference to the row before |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    before: Scores = {}
    for what in COMPONENTS:
        found = {name: rows[name, what] for name in names if (name, what) in rows}
        print(_line(what, found, before))
        before = found
    print()
    print("|  | images | segments | SC | PRI | VoI | SC: difference to DSC |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    methods = [f"{how}, {of}" for how in ("k-means", "normalised cut") for of in ("RGB", "deep")]
    dsc = _swept(rows, names, "DSC")
    for method in (*methods, "DSC"):
        for chosen, of in (("ODS", _set_best), ("OIS", _image_best)):
            swept = _swept(rows, names, method)
            beside = {} if method == "DSC" else of(dsc)
            print(_line(f"{method}, {chosen}, oracle", of(swept), beside))


def _swept(
    rows: dict[tuple[str, str], dict[str, float]], names: list[str], method: str
) -> list[Scores]:
    """Return the scores of every number of partitions, for the images that have all."""
    wanted = [f"{method}, {k}" for k in PARTITIONS]
    whole = [name for name in names if all((name, what) in rows for what in wanted)]
    return [{name: rows[name, what] for name in whole} for what in wanted]


def _set_best(swept: list[Scores]) -> Scores:
    return max(swept, key=lambda found: _value(SC, list(found.values())) if found else 0.0)


def _image_best(swept: list[Scores]) -> Scores:
    return {
        name: max((each[name] for each in swept), key=lambda scores: _value(SC, [scores]))
        for name in swept[0]
    }


def _value(metric: Any, found: list[dict[str, float]]) -> float:
    rows = np.array([[scores[column] for column in metric.columns] for scores in found])
    return float(metric.combine(rows))


def _line(what: str, own: Scores, beside: Scores) -> str:
    if not own:
        return f"| {what} | 0 |  |  |  |  |  |"
    found = list(own.values())
    cells = [what, str(len(own)), f"{np.mean([scores['segments'] for scores in found]):.0f}"]
    cells += [f"{_value(metric, found):.3f}" for metric in METRICS]
    return f"| {' | '.join(cells)} | {_difference(own, beside)} |"


def _difference(own: Scores, beside: Scores) -> str:
    both = [name for name in own if name in beside]
    if len(both) < 2:
        return ""
    apart = np.array([_value(SC, [own[name]]) - _value(SC, [beside[name]]) for name in both])
    error = apart.std(ddof=1) / len(apart) ** 0.5
    decided = "" if abs(apart.mean()) > 2 * error else ", undecided"
    return f"{apart.mean():+.3f} ± {error:.3f}{decided}"


if __name__ == "__main__":
    main()
