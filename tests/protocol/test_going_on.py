"""A run that has ended goes on, counts on, and can be replayed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import napari_selfseg as ss

IMAGE = torch.rand(32, 36, 3, generator=torch.Generator().manual_seed(0)).numpy()
HOW = {"channel_axis": -1, "device": "cpu", "threads": 1}
METHODS = [
    ss.Backprop(iterations=5, channels=6, variant="continuity", min_labels=1),
    ss.DIC(iterations=5, width=4, n_clusters=4, min_labels=1),
    ss.DSC(iterations=5, width=4, partitions=4, autoencoder_iterations=3, min_labels=1),
    ss.SGSeg(iterations=5, width=4, classes=3, backbone="none", patch_size=16),
    ss.DeepCut(iterations=5),
    ss.Consensus(networks="both", iterations=5, channels=6, every=2),
]
EXACT = METHODS[:4]


def named(each):
    return each.name


@pytest.mark.parametrize("method", METHODS, ids=named)
def test_it_counts_on_and_keeps_what_was(method):
    first = ss.segment(IMAGE, method, **HOW)
    run = ss.go_on(first, IMAGE, iterations=8)
    steps = list(run)
    assert [steps[0].iteration, steps[-1].iteration, steps[0].total] == [5, 8, 8]
    assert run.iterations == tuple(range(9))
    assert {t for values in run.losses.values() for t in values} == set(range(8))
    np.testing.assert_array_equal(run.labels(2), first.labels(2))
    assert first.iterations == tuple(range(6)), "the first run stays as it is"
    assert run.record()["continued"] == [5]
    assert run.stopped.sentence == "All 8 iterations are done."


@pytest.mark.parametrize("method", METHODS, ids=named)
def test_it_is_replayed(method):
    run = ss.segment(IMAGE, method, **HOW)
    for until in (6, 9):
        run = ss.go_on(run, IMAGE, iterations=until).finish()
    for shown in (None, 3, 7):
        again = ss.replay(ss.record.loads(ss.record.dumps(run.record(shown))), IMAGE)
        np.testing.assert_array_equal(again, run.labels(shown))


@pytest.mark.parametrize("method", EXACT, ids=named)
def test_stopped_in_between_it_learns_as_if_it_had_not_been(method):
    run = ss.evolve(IMAGE, method.replace(iterations=9), **HOW)
    for step in run:
        if step.iteration == 4:
            run.stop()
    assert run.iteration == 4
    weights = ss.go_on(run, IMAGE, iterations=9).finish().fit.weights
    whole = ss.segment(IMAGE, method.replace(iterations=9), **HOW).fit.weights
    assert all(torch.equal(each, weights[name]) for name, each in whole.items())


def test_segments_of_a_consensus_keep_their_numbers():
    first = ss.segment(IMAGE, METHODS[-1], **HOW)
    run = ss.go_on(first, IMAGE, iterations=7)
    next(run)
    np.testing.assert_array_equal(run.labels(5), first.labels())
    run.close()


@pytest.mark.parametrize("method", [ss.Backprop(iterations=3, channels=6), METHODS[-1]], ids=named)
def test_scribbles_masks_and_superpixels_stay(method):
    mask, scribbles = np.ones((32, 36), bool), np.zeros((32, 36), np.uint8)
    mask[:4], scribbles[10, 10:20], scribbles[20, 10:20] = False, 1, 2
    run = ss.segment(
        IMAGE,
        method,
        mask=mask,
        scribbles=scribbles,
        superpixels=ss.Slic(n_segments=50),
        **HOW,
    )
    further = ss.go_on(run, IMAGE, iterations=7).finish()
    np.testing.assert_array_equal(further.superpixels[0], run.superpixels[0])
    assert not further.labels()[:4].any()
    assert (further.labels()[20, 10:20] == 2).all()
    np.testing.assert_array_equal(ss.replay(further.record(), IMAGE), further.labels())


def test_what_cannot_go_on_says_why():
    method = ss.Backprop(iterations=3, channels=6, variant="continuity")
    run = ss.evolve(IMAGE, method, **HOW)
    with pytest.raises(ValueError, match="stop it first"):
        ss.go_on(run, IMAGE, iterations=9)
    run.finish()
    with pytest.raises(ValueError, match="ask for more"):
        ss.go_on(run, IMAGE, iterations=3)
    with pytest.raises(ValueError, match="not the image of the record"):
        ss.go_on(run, IMAGE[::-1], iterations=9)
    left = ss.evolve(IMAGE, method, **HOW)
    next(left)
    left.close()
    with pytest.raises(ValueError, match="There is no fit"):
        ss.go_on(left, IMAGE, iterations=9)


def test_stopped_before_the_first_step_and_gone_on_with():
    method = ss.Backprop(iterations=4, channels=6, variant="continuity")
    run = ss.evolve(IMAGE, method, **HOW)
    run.stop()
    run.finish()
    run = ss.go_on(run, IMAGE, iterations=3).finish()
    run = ss.go_on(run, IMAGE, iterations=9)
    run.stop()
    run.finish()
    assert (run.record()["continued"], run.iteration) == ([0, 3], 3)
    np.testing.assert_array_equal(ss.replay(run.record(), IMAGE), run.labels())
