"""Scribbles: a stroke lies in labels of its class, in every method, map, cut and replay."""

from __future__ import annotations

import numpy as np
import pytest

import napari_selfseg as ss
from napari_selfseg import record
from napari_selfseg.catalogue import METHODS, PIECES, over_segment
from napari_selfseg.protocol import merge_runs
from napari_selfseg.replaying import replay

HERE = {"device": "cpu", "threads": 1, "precision": "float32"}
SMALL = {
    "consensus": {"iterations": 1, "seeds": 1, "every": 1, "channels": 12},
    "backprop": {"iterations": 2, "channels": 12},
    "dic": {"iterations": 2, "n_clusters": 12, "width": 4},
    "dsc": {"iterations": 3, "partitions": 12, "width": 4, "autoencoder_iterations": 1},
    "deepcut": {"iterations": 2, "n_clusters": 9},
    "sgseg": {"iterations": 3, "classes": 9, "spnn_iterations": 1, "n_superpixels": 9},
}
MORE = [
    ss.Consensus(networks="none"),
    ss.Backprop(variant="continuity", iterations=2, channels=12),
    ss.DeepCut(solver="spectral", n_clusters=9),
    ss.SGSeg(backbone="none", classes=9, iterations=2, patch_size=16),
]
# Strokes on objects are examples, and name no label.
EVERY = [*(kind(**SMALL[kind.name]) for kind in METHODS if not kind.instances), *MORE]
GRASS, WATER = 3, 7


def picture():
    image = 0.2 * np.random.default_rng(0).random((40, 48))
    image[:, 24:] += 0.5
    image[10:30, 5:15] += 0.3
    return image


def strokes():
    """Two classes, numbered with gaps; some strokes touch, some cross what looks alike."""
    drawn = np.zeros((40, 48), int)
    drawn[5, 2:20] = drawn[20, 30:40] = WATER
    drawn[35, 2:46] = drawn[20:24, 8] = drawn[6, 2:20] = GRASS
    return drawn


def assert_as_drawn(labels, drawn):
    for number in (GRASS, WATER):
        assert set(np.unique(labels[drawn == number]).tolist()) == {number}


def cuts_of(run):
    pieces = None
    if run.superpixels is None:
        pieces, _ = over_segment(picture(), PIECES.replace(n_segments=40))
    found = run.hierarchy(superpixels=pieces)
    numbers = {found.tree.fewest, found.automatic, found.tree.fewest + 3, found.tree.most}
    return [found.cut(), found.cut(bias=0.5), *(found.cut(each) for each in sorted(numbers))]


@pytest.mark.parametrize("method", EVERY, ids=lambda each: each.name)
def test_every_stroke_lies_in_its_class_at_every_iteration_and_cut(method):
    options = {"superpixels": ss.Slic(n_segments=60)} if method.name == "deepcut" else {}
    run = ss.segment(picture(), method, scribbles=strokes(), **options, **HERE)
    for iteration in run.iterations:
        assert_as_drawn(run.labels(iteration), strokes())
    for labels in cuts_of(run):
        assert_as_drawn(labels, strokes())


def test_a_cut_is_replayed_with_the_strokes():
    run = ss.segment(picture(), ss.Consensus(networks="none"), scribbles=strokes(), **HERE)
    made = record.loads(record.dumps(run.record(n_segments=9)))
    np.testing.assert_array_equal(replay(made, picture()), run.cut(9))


@pytest.mark.parametrize("structure", ["regions", "objects", "lines"])
def test_strokes_drawn_after_a_run_bind_its_tree_and_are_replayed(structure):
    """Two classes in one superpixel among them, and other strokes than the run began with."""
    before = np.where(strokes() == GRASS, GRASS, 0)
    method = ss.Consensus(structure=structure)
    run = ss.segment(picture(), method, scribbles=before, **HERE)
    drawn = strokes()
    drawn[6, 2:20] = 0
    drawn[6, 24:26], drawn[6, 26:28] = 2, GRASS
    found = run.hierarchy().bound(drawn)
    for k in {found.tree.fewest, found.automatic, found.tree.fewest + 3, found.tree.most}:
        labels = found.cut(k)
        np.testing.assert_array_equal(labels[drawn > 0], drawn[drawn > 0])
    n = found.tree.most
    made = run.record(n_segments=n, scribbles=drawn)
    made["objects"] = {"connected": False, "minimum_size": 40}
    again = replay(record.loads(record.dumps(made)), picture())
    np.testing.assert_array_equal(again, ss.merged_small(found.cut(n), 40, keep=drawn))
    others = ss.merged_small(found.cut(n), 40, keep=before)
    # Between lines no superpixel is as small.
    assert structure == "lines" or not np.array_equal(again, others), "test invalid"
    np.testing.assert_array_equal(again[drawn > 0], drawn[drawn > 0])
    damaged = {**made, "cut": {**made["cut"], "scribbles": {"data": 3}}}
    with pytest.raises(ValueError, match=r"damaged: cut\.scribbles"):
        record.check_record(damaged)


def test_two_classes_in_one_superpixel_divide_it():
    everything = np.ones((40, 48), int)
    method = ss.Backprop(iterations=1, channels=8)
    run = ss.segment(picture(), method, superpixels=everything, scribbles=strokes(), **HERE)
    assert_as_drawn(run.labels(), strokes())
    assert set(np.unique(run.labels())) == {GRASS, WATER}
    again = replay(record.loads(record.dumps(run.record())), picture())
    np.testing.assert_array_equal(again, run.labels())


def test_a_class_has_one_label_in_all_images_of_a_fit():
    second = np.zeros((40, 48), int)
    second[2, 2:9] = WATER
    images = [picture(), picture()[::-1]]
    run = ss.segment(images, EVERY[0], scribbles=[strokes(), second], **HERE)
    assert_as_drawn(run.labels(image=0), strokes())
    for labels in (run.labels(image=1), run.cut(image=1)):
        assert set(labels[second > 0]) == {WATER}


def test_merged_runs_keep_the_strokes_of_each():
    one, other = strokes(), np.zeros((40, 48), int)
    other[15, 2:9] = WATER
    runs = [ss.segment(picture(), EVERY[1], scribbles=each, **HERE) for each in (one, other)]
    labels = merge_runs(*runs).cut(5)
    assert_as_drawn(labels, np.where(one > 0, one, other))


def test_strokes_over_no_data_are_left_out_and_a_class_there_alone_is_refused():
    mask = np.ones((40, 48), bool)
    mask[:, :20] = False
    run = ss.segment(picture(), EVERY[1], scribbles=strokes(), mask=mask, **HERE)
    assert_as_drawn(run.labels()[:, 20:], strokes()[:, 20:])
    assert not run.labels()[:, :20].any()
    mask[20] = False
    with pytest.raises(ValueError, match="Class 7 of the scribbles lies only where the image has"):
        ss.evolve(picture(), EVERY[1], scribbles=strokes(), mask=mask)
    superpixels = np.where(mask, 1, 0)
    with pytest.raises(ValueError, match="Class 7"):
        ss.evolve(picture(), EVERY[1], scribbles=strokes(), superpixels=superpixels)


def test_thin_strokes_reach_the_networks_of_a_consensus_at_half_the_size():
    image = np.tile(picture(), (2, 2))
    drawn = np.zeros(image.shape, int)
    drawn[31, 3:60:2], drawn[61, 3:60:2] = 9, 4
    method = ss.Consensus(networks="superpixels", iterations=1, seeds=1, channels=2)
    run = ss.evolve(image, method, scribbles=drawn, **HERE)
    losses = run.finish().losses
    assert any("scribbles" in name for name in losses)
    assert set(run.labels()[drawn == 9]) == {9}


def test_more_classes_than_a_network_of_a_consensus_has_are_refused():
    drawn = np.zeros((40, 48), int)
    drawn[0, :3] = (1, 2, 3)
    method = ss.Consensus(networks="superpixels", iterations=1, seeds=1, channels=2)
    with pytest.raises(ValueError, match="3 classes were drawn, and a network of the consensus"):
        ss.segment(picture(), method, scribbles=drawn, **HERE)


def test_small_pieces_that_were_drawn_on_stay():
    labels = np.ones((6, 6), int)
    labels[1, 1], labels[4, 4] = 2, 3
    kept = ss.merged_small(labels, 5, keep=labels == 2)
    assert (kept[1, 1], kept[4, 4]) == (2, 1)
    assert ss.connected(labels, minimum_size=5, keep=labels == 2).max() == 2
    with pytest.raises(ValueError, match="What to keep has shape"):
        ss.merged_small(labels, 5, keep=labels[1:])
