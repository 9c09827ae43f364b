"""Large images are looked at block by block, and nothing of the blocks is to be seen."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import napari_selfseg as ss
from napari_selfseg.consensus._image_evidence import ImageEvidence
from napari_selfseg.consensus._objects._pieces import pieces
from napari_selfseg.consensus._sources import SOURCES, Borders, Parts, Whole, touching
from napari_selfseg.grid import Grid
from napari_selfseg.machine.threads import side_by_side
from napari_selfseg.protocol import Problem
from napari_selfseg.regions import adjacency
from napari_selfseg.superpixels import (
    AutomaticWatershed,
    at_once,
    blocks,
)
from napari_selfseg.superpixels._watersheds import _block_by_block, _contour_watershed


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of about 40 pixels, and superpixels a tenth as large as otherwise."""
    monkeypatch.setattr(_block_by_block, "_SIDE", {2: 40, 3: 12})
    monkeypatch.setattr(_contour_watershed, "_PIXELS", 22)


def discs(shape=(120, 130), seed=0):
    """Even discs on even ground: whatever is looked at, their outlines are the segments."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape)
    truth = np.zeros(shape, int)
    for number, (row, column) in enumerate([(35, 40), (40, 100), (90, 62)], 1):
        truth[(y - row) ** 2 + (x - column) ** 2 < 20**2] = number
    levels = np.array([[0.1, 0.1, 0.2], [0.9, 0.2, 0.1], [0.2, 0.8, 0.3], [0.9, 0.9, 0.8]])
    image = levels[truth] + rng.normal(scale=0.01, size=(*shape, 3))
    return np.clip(image, 0, 1).astype(np.float32), truth


def test_tiles_of_nearly_one_size():
    assert Grid.even((767, 768), 512).counts == (1, 2)
    assert Grid.even((5, 1600), 512, 3) == Grid((5, 1600), (5, 534), (3, 3))
    sizes = [s.stop - s.start for n in range(3) for s in Grid.even((1600,), 512).inner(n)]
    assert sizes == [534, 534, 532]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("shape", [(61, 100), (14, 20, 30)])
def test_every_face_belongs_to_one_block(shape):
    index = np.random.default_rng(0).integers(0, 9, shape)
    grid = blocks(shape, 3)
    assert len(grid) > 3
    found = np.zeros((9, 9))
    for number in range(len(grid)):
        edges, lengths, _ = touching(index[grid.outer(number)], grid.crop(number))
        found[tuple(edges.T)] += lengths
    whole = adjacency(torch.from_numpy(index), 8, (1.0,) * len(shape))
    expected = np.zeros((9, 9))
    expected[tuple(whole.edges.numpy().T)] = whole.border.numpy()
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("shape", [(61, 100), (14, 20, 30)])
def test_superpixels_are_measured_as_in_one_block(shape, monkeypatch):
    rng = np.random.default_rng(0)
    index = rng.integers(0, 9, shape).astype(np.int32)
    image = rng.random((*shape, 2)).astype(np.float32)
    arguments = (np.zeros((0, 2), int), np.zeros(0))

    def measured():
        parts = Parts(Whole(image, index > 0), 0)
        return len(parts.grid), pieces(index, *arguments, parts, np.zeros((8, 0), np.float32))

    one, whole = measured()
    monkeypatch.setattr(_block_by_block, "_SIDE", {2: 40, 3: 12})
    several, found = measured()
    assert (one, several > 3) == (1, True)
    for name in ("sizes", "moments", "rims"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))
    np.testing.assert_allclose(found.colours, whole.colours, rtol=1e-12)


@pytest.mark.usefixtures("small_blocks")
def test_superpixels_end_where_a_block_does():
    image, truth = discs()
    labels = AutomaticWatershed()(image)
    grid = blocks(truth.shape)
    inside = [set(np.unique(labels[grid.inner(number)])) for number in range(len(grid))]
    assert len(grid) == 9
    assert sum(map(len, inside)) == len(set.union(*inside)) == labels.max()
    assert labels.max() == pytest.approx(truth.size / 22, rel=0.1)


@pytest.mark.usefixtures("small_blocks")
def test_no_source_sees_a_border_where_blocks_meet():
    image, truth = discs()
    index = AutomaticWatershed()(image)
    evidence, parts = ImageEvidence(Borders.of(index)), Parts(Whole(image, truth >= 0), 0)
    for source in SOURCES:
        for _ in evidence.hear(source, parts):
            pass
    of = np.zeros(evidence.borders.n + 1, int)
    of[index.ravel()] = truth.ravel()
    block = np.zeros(truth.shape, int)
    for number in range(len(parts.grid)):
        block[parts.grid.inner(number)] = number
    home = np.zeros(evidence.borders.n + 1, int)
    home[index.ravel()] = block.ravel()
    a, b = evidence.borders.edges.T
    seam = (home[a] != home[b]) & (of[a] == of[b])
    apart = evidence.hierarchy(0.5).disagreement
    true = of[a] != of[b]
    assert seam.sum() > 50
    within = (home[a] == home[b]) & ~true
    assert apart[seam].mean() < apart[within].mean() + 0.05
    assert apart[true].mean() > apart[seam].mean() + 0.4


@pytest.mark.usefixtures("small_blocks")
def test_segments_are_the_discs_whatever_the_blocks():
    image, truth = discs()
    labels = ss.segment(image, ss.Consensus(n_segments=4), channel_axis=-1).labels()
    overlap = np.array(
        [[np.sum((labels == k) & (truth == t)) for t in range(4)] for k in range(1, 5)]
    )
    assert sorted(overlap.argmax(axis=0)) == [0, 1, 2, 3]
    assert (overlap.max(axis=0) > 0.97 * np.bincount(truth.ravel())).all()


@pytest.mark.usefixtures("small_blocks")
def test_threads_change_nothing():
    image, _ = discs()
    before = torch.get_num_threads()
    found = [
        ss.segment(image, ss.Consensus(), channel_axis=-1, threads=threads).labels()
        for threads in (1, 4)
    ]
    assert torch.get_num_threads() == before
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(("threads", "blocks"), [(1, 1), (3, 3), (50, 16)])
def test_an_estimate_counts_on_blocks_side_by_side(monkeypatch, threads, blocks):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert at_once(2048**2, 2) == (blocks, blocks * 512**2)
    assert at_once(300 * 200, 2) == (1, 300 * 200)
    small, large = (ss.Consensus().cost(Problem(3, n**2, 2)) for n in (500, 2048))
    pixels = (2048 / 500) ** 2
    assert large.moved == pytest.approx(small.moved * pixels / blocks)
    assert large.kept <= small.kept * pixels * 1.001
    algorithm = AutomaticWatershed()
    assert algorithm.work(2048**2) == pytest.approx(algorithm.work(500**2) * pixels / blocks)


@pytest.mark.parametrize("threads", [1, 3])
def test_pieces_of_work_come_in_their_order_and_errors_come_out(threads, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert list(side_by_side(lambda number: number**2, 20)) == [n**2 for n in range(20)]

    def fails(number):
        if number == 5:
            raise ValueError("five")
        return number

    with pytest.raises(ValueError, match="five"):
        list(side_by_side(fails, 20))
    begun = []
    for found in side_by_side(lambda number: begun.append(number) or number, 20):
        if found == 2:
            break
    assert len(begun) <= 3 + 2 * threads
