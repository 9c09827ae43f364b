"""The consensus of the iterations of a run, and of several runs."""

import numpy as np
import pytest

import napari_selfseg as ss
from napari_selfseg.protocol._results._merging_runs import MAPS, settled

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
SLIC = ss.Slic(n_segments=60, compactness=10)


def picture(size=40):
    rng = np.random.default_rng(0)
    image = np.kron(rng.random((2, 2)), np.ones((size // 2, size // 2)))
    return (image + 0.05 * rng.normal(size=image.shape)).astype(np.float32)


def evolved(iterations=6, size=40, **more):
    method = ss.Backprop(iterations=iterations, channels=8, min_labels=1, **more)
    given = {} if more.get("variant") else {"superpixels": SLIC}
    return ss.segment(picture(size), method, **given, **QUICK)


@pytest.fixture(scope="module")
def run():
    return evolved()


def test_the_first_third_does_not_vote_and_the_last_always_does():
    assert settled(range(10)) == list(range(3, 10))
    many = settled(range(1001))
    assert len(many) == MAPS
    assert many[0] >= 1000 / 3
    assert many[-1] == 1000
    assert settled([0]) == [0]
    assert settled([]) == []


def test_a_run_is_a_consensus_of_its_iterations(run):
    h = run.hierarchy()
    a, b = h.edges.T
    votes = [run.by_superpixel(run._history.find(t)[1]) for t in settled(run.iterations)]
    expected = np.mean([v[a] != v[b] for v in votes], axis=0)
    np.testing.assert_allclose(h.disagreement, expected)
    assert expected.max() > 0


def test_cutting_needs_no_computing_until_the_run_goes_on(monkeypatch):
    run = ss.evolve(
        picture(), ss.Backprop(iterations=4, channels=8, min_labels=1), superpixels=SLIC, **QUICK
    )
    calls = []
    hierarchy = type(run).hierarchy
    monkeypatch.setattr(
        type(run), "hierarchy", lambda self, **how: calls.append(1) or hierarchy(self, **how)
    )
    next(run)
    for k in (2, 3, 4):
        assert run.cut(k).max() == k
    assert len(calls) == 1
    next(run)
    run.cut(2)
    assert len(calls) == 2
    before = run.iteration
    run.stop()
    next(run)
    assert run.iteration == before
    run.cut(2)
    assert len(calls) == 3, "the closing step has labels of its own"


def test_no_labels_yet():
    run = ss.evolve(picture(), ss.Backprop(iterations=2, channels=8), superpixels=SLIC, **QUICK)
    with pytest.raises(ValueError, match="take at least one step"):
        run.cut(3)


def test_a_run_without_superpixels_needs_some():
    run = evolved(variant="continuity")
    with pytest.raises(ValueError, match=r"superpixels=Slic\(n_segments=1000\)\(image\)"):
        run.cut(3)
    superpixels = SLIC(picture()[..., None])
    assert run.hierarchy(superpixels=superpixels).cut(3).max() == 3


def test_superpixels_of_another_shape_are_refused(run):
    with pytest.raises(ValueError, match=r"shape \(5, 5\) and the labels \(40, 40\)"):
        run.hierarchy(superpixels=np.ones((5, 5), int))


def test_other_superpixels_get_the_majority_of_their_pixels(run):
    coarse = np.kron(np.arange(1, 5).reshape(2, 2), np.ones((20, 20), int))
    h = run.hierarchy(superpixels=coarse)
    last = run.labels()
    majority = [np.bincount(last[coarse == k]).argmax() for k in range(1, 5)]
    for (a, b), share in zip(h.edges, h.disagreement, strict=True):
        if share in (0.0, 1.0):
            assert (majority[a - 1] != majority[b - 1]) == bool(share)
    assert h.cut(4).max() == 4


def test_there_is_no_such_image(run):
    with pytest.raises(ValueError, match="no image 3: the run has 1"):
        run.hierarchy(image=3)


def test_runs_are_merged_on_common_superpixels(run):
    other = evolved(seed=3)
    both = ss.merge_runs(run, other)
    expected = (run.hierarchy().disagreement + other.hierarchy().disagreement) / 2
    np.testing.assert_allclose(both.disagreement, expected)
    pixels = evolved(variant="continuity")
    assert ss.merge_runs(run, pixels).disagreement.shape == both.disagreement.shape
    assert ss.merge_runs(pixels, run).cut(2).max() == 2


def test_runs_on_other_images_cannot_be_merged(run):
    with pytest.raises(ValueError, match="merge runs on the same image"):
        ss.merge_runs(run, evolved(size=20))
    with pytest.raises(ValueError, match="Give the runs"):
        ss.merge_runs()


def test_each_image_of_a_fit_has_its_own_hierarchy():
    method = ss.Backprop(iterations=3, channels=8, min_labels=1)
    images = [picture(), picture(20)]
    run = ss.segment(images, method, superpixels=SLIC, **QUICK)
    assert run.cut(3, image=0).shape == (40, 40)
    assert run.cut(2, image=1).shape == (20, 20)
    assert run.cut(2, image=1).max() == 2
