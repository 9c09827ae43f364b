"""What would networks add to a consensus? Their classes as votes, and as histograms of pixels.

    python benchmarks/network_maps.py --out RESULTS.jsonl [--first 20] [--networks Backprop ...]
    python benchmarks/network_maps.py --out RESULTS.jsonl --table

Each image is segmented by `Consensus` with some networks. Their label maps at the end of the run
then speak beside the clusters and regions in three ways: by the one label most pixels of a
superpixel have (as the option does), by the histogram of its pixels, as a family of their own or
among the clusters. ``two scales`` has no network: the clusters of the image at half its size speak
as well. Scores of each way minus those without, paired by image, with their standard error, and
the processor time of the networks. Segments are regions. Data come from SELFSEG_DATA.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _sets import SETS, Case
from numpy.typing import NDArray
from skimage.transform import resize

import napari_selfseg as ss
from consensus import CUTS, _best, _own, _scores, _summary
from napari_selfseg.consensus._image_evidence import ImageEvidence
from napari_selfseg.consensus._image_features import Pixels
from napari_selfseg.consensus._sources import SOURCES, Borders, LabelMap, Parts, Said, Whole
from napari_selfseg.consensus._sources._clusters import Clusters, nearest
from napari_selfseg.hierarchy._agreement import half_distances
from napari_selfseg.parameters import parse

NETWORKS = {
    "Backprop": "consensus:networks=superpixels,seeds=1",
    "Backprop, 4 starts": "consensus:networks=superpixels",
    "Backprop, continuity": "consensus:networks=continuity",
}
MEMBERS = {"DIC": ss.DIC(iterations=60), "DSC": ss.DSC(iterations=60)}
ALL = (*NETWORKS, *MEMBERS)
WITHOUT = "none"


def main() -> None:
    """Run what is not there yet, or print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", default="bsds500-train", choices=SETS)
    parser.add_argument("--first", type=int, default=20)
    parser.add_argument("--networks", nargs="*", choices=ALL, default=ALL)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    lines = args.out.read_text().splitlines() if args.out.exists() else []
    rows = [json.loads(line) for line in lines]
    if args.table:
        _print(rows)
        return
    of, done = SETS[args.set], {row["image"] for row in rows}
    for image in of.names()[: args.first]:
        if image not in done:
            found = {"image": image, "ways": dict(_ways(Case(of, image), args.networks))}
            with args.out.open("a") as file:
                file.write(json.dumps(found) + "\n")


def _ways(case: Case, networks: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    image = case.image
    plain = ss.segment(image.data, channel_axis=image.channel_axis, threads=1)
    borders = Borders.of(plain.hierarchy().superpixels)
    parts = Parts(Whole(case.scaled, np.ones(case.scaled.shape[:2], bool)), 0)
    said = [each for source in SOURCES for each in _heard(source, parts, borders)]
    yield WITHOUT, {"seconds": 0.0, **_scored(borders, parts, said, case)}
    began = time.process_time()
    half = _two_scales(case.scaled, borders)
    seconds = time.process_time() - began
    yield "two scales", {"seconds": seconds, **_scored(borders, parts, said + half, case)}
    for name in networks:
        maps, seconds = _maps(name, image)
        for way in ("votes", "histograms", "histograms, clusters"):
            more = [_said(way, each, borders) for each in maps]
            scores = _scored(borders, parts, said + more, case)
            yield f"{name}: {way}", {"seconds": seconds, **scores}


def _heard(source: Any, parts: Parts, borders: Borders) -> Iterator[Said]:
    learnt = source.learnt(parts)
    blocks = (
        source.of_block(learnt, parts, number, borders.superpixels)
        for number in range(len(parts.grid))
    )
    yield from source.said(learnt, blocks, borders)


def _maps(name: str, image: Any) -> tuple[list[LabelMap], float]:
    """Return the label maps that networks end with, and the processor time of the run."""
    method = (
        parse(NETWORKS[name], (ss.Consensus,), "method")
        if name in NETWORKS
        else ss.Consensus(members=(MEMBERS[name],))
    )
    method, found = method.replace(classical=False, every=method.iterations), []
    add = ImageEvidence.add

    def kept(self: ImageEvidence, labels: LabelMap) -> NDArray[np.int64]:
        found.append(labels)
        return add(self, labels)

    ImageEvidence.add = kept  # type: ignore[method-assign]
    began = time.process_time()
    try:
        ss.segment(image.data, method, channel_axis=image.channel_axis, threads=1)
    finally:
        ImageEvidence.add = add  # type: ignore[method-assign]
    return found[-len(method.resolved()) :], time.process_time() - began


def _said(way: str, found: LabelMap, borders: Borders) -> Said:
    evidence = ImageEvidence(borders)
    if way == "votes":
        votes = evidence.add(found)
        a, b = borders.edges.T
        return Said("networks", (votes[a] != votes[b]).astype(np.float64), votes)
    shares = evidence.shares(found)
    family = "clusters" if way.endswith("clusters") else "networks"
    votes = shares.argmax(axis=1) + 1
    return Said(family, half_distances(shares, borders.edges), votes, shares)


def _two_scales(image: NDArray[np.float32], borders: Borders) -> list[Said]:
    """Let the clusters of the image at half its size speak of its pixels."""
    shape = image.shape[:2]
    small = resize(image, [-(-n // 2) for n in shape], anti_aliasing=True).astype(np.float32)
    parts = Parts(Whole(small, np.ones(small.shape[:2], bool)), 0)
    found = []
    for source in SOURCES:
        if isinstance(source, Clusters):
            learnt = source.learnt(parts)
            features = source.features(parts.seen(0))
            labels = nearest(features, learnt["factors"], learnt["centres"])
            large = labels.repeat(2, axis=0).repeat(2, axis=1)[: shape[0], : shape[1]]
            maps = LabelMap(source.family, large.astype(np.int64), len(learnt["centres"]))
            found.append(_said("histograms, clusters", maps, borders))
    return found


def _scored(borders: Borders, parts: Parts, said: list[Said], case: Case) -> dict[str, Any]:
    evidence = ImageEvidence(borders)
    evidence.look = Pixels(parts)
    for each in said:
        evidence.take(each)
    tree = evidence.hierarchy(ss.Consensus().level, "regions")
    possible = range(tree.tree.fewest, tree.tree.most + 1)
    cuts = {k: _scores(tree.cut(k), case) for k in CUTS if k in possible}
    return {"own": _scores(tree.cut(), case), "cuts": cuts}


def _print(rows: list[dict[str, Any]]) -> None:
    print(
        "| networks: how | images | s | own cut | minus none | best cut | minus none |\n|"
        + 7 * "---|"
    )
    for name in rows[0]["ways"]:
        having = [row["ways"] for row in rows if name in row["ways"]]
        ways, before = [each[name] for each in having], [each[WITHOUT] for each in having]
        cells = [str(len(ways)), f"{np.median([each['seconds'] for each in ways]):.1f}"]
        for choose in (_own, _best):
            scores, usual = ([choose(each) for each in some] for some in (ways, before))
            gap = np.array([_share(a) - _share(b) for a, b in zip(scores, usual, strict=True)])
            error = gap.std(ddof=1) / len(gap) ** 0.5
            cells += [_summary(scores), f"{gap.mean():+.4f} ± {error:.4f}"]
        print(f"| {name} | {' | '.join(cells)} |")


def _share(scores: dict[str, float]) -> float:
    return scores["covered"] / scores["total"]


if __name__ == "__main__":
    main()
