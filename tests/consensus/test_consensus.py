"""A consensus from the outside."""

import numpy as np
import pytest

import napari_selfseg as ss

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
SMALL = ss.Slic(n_segments=150, compactness=10)


def scene(shift=0, size=72):
    """Three discs of their own colours on a textured ground."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:size, :size]
    image = np.full((size, size, 3), 0.3) + 0.04 * rng.normal(size=(size, size, 1))
    for (cy, cx), colour in (
        ((20, 20), (0.9, 0.2, 0.2)),
        ((50, 22), (0.2, 0.8, 0.3)),
        ((36, 52), (0.2, 0.3, 0.9)),
    ):
        image[(y - cy) ** 2 + (x - cx - shift) ** 2 < 121] = colour
    return np.clip(image + 0.02 * rng.normal(size=image.shape), 0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def run():
    method = ss.Consensus(networks="both", iterations=20, channels=16, every=5)
    return ss.segment(scene(), method, superpixels=SMALL, channel_axis=-1, **QUICK)


def centres(labels, shift=0):
    return [int(labels[y, x + shift]) for y, x in ((20, 20), (50, 22), (36, 52), (5, 65))]


def test_it_finds_what_is_there_without_being_told_how_much(run):
    labels = run.labels()
    assert len(set(centres(labels))) == 4
    assert 4 <= len(np.unique(labels)) <= 6


def test_the_automatic_cut_of_its_hierarchy_is_what_it_shows(run):
    labels, cut = run.labels(), run.cut()
    pairs = np.unique(np.stack([labels.ravel(), cut.ravel()]), axis=1).shape[1]
    assert pairs == len(np.unique(labels)) == len(np.unique(cut))
    assert run.hierarchy().automatic == cut.max()


def test_every_map_votes_once(run):
    votes = {family: len(maps) for family, maps in run.ballots.items()}
    assert votes == {"regions": 6, "clusters": 3, "networks": 5 * 4}


def test_a_fit_gives_another_image_the_same_numbers(run):
    moved = scene(shift=6)
    found = run.fit.predict(moved, channel_axis=-1, superpixels=SMALL(moved), device="cpu")
    assert centres(found, shift=6)[:3] == centres(run.labels())[:3]


def test_a_saved_fit_makes_the_same_segments(run, tmp_path):
    ss.save_fit(run.fit, tmp_path / "fit.safetensors")
    fit = ss.load_fit(tmp_path / "fit.safetensors")
    found = fit.predict(scene(), channel_axis=-1, superpixels=run.superpixels[0], device="cpu")
    np.testing.assert_array_equal(found, run.labels())


def test_a_masked_fit_makes_the_same_segments_at_half_the_size():
    image, mask = scene(), np.ones((72, 72), bool)
    mask[7:20, 31:50] = mask[40, 41] = False
    method = ss.Consensus(networks="both", iterations=3, channels=8, every=1)
    run = ss.segment(image, method, superpixels=SMALL, mask=mask, channel_axis=-1, **QUICK)
    given = {"mask": mask, "superpixels": run.superpixels[0], "device": "cpu", "threads": 1}
    np.testing.assert_array_equal(run.fit.predict(image, channel_axis=-1, **given), run.labels())


def test_a_first_look_comes_before_all_classical_maps_have_voted():
    method = ss.Consensus()
    run = ss.evolve(scene(), method, superpixels=SMALL, channel_axis=-1, **QUICK)
    assert [len(step.ballots) for step in run] == [1, 6, 2, 0]


def test_stopped_at_the_first_look_all_classical_maps_vote_still():
    image, method = scene(), ss.Consensus(networks="both", iterations=3, channels=8)
    run = ss.evolve(image, method, superpixels=SMALL, channel_axis=-1, **QUICK)
    next(run)
    run.stop()
    run.finish()
    assert {family: len(maps) for family, maps in run.ballots.items()} == {
        "regions": 6,
        "clusters": 3,
    }
    np.testing.assert_array_equal(ss.replay(run.record(), image), run.labels())


def test_numbers_stay_while_the_consensus_sharpens(run):
    changed = [np.mean(run.labels(t) != run.labels(t - 1)) for t in run.iterations[1:]]
    assert max(changed) < 0.5
    assert centres(run.labels(5)) == centres(run.labels())


def test_a_wished_number_of_segments():
    method = ss.Consensus(n_segments=4)
    run = ss.segment(scene(), method, superpixels=SMALL, channel_axis=-1, **QUICK)
    assert len(np.unique(run.labels())) == 4
    assert run.stop_reason.startswith("All label maps have voted. ")
    assert run.stop_reason.endswith(run.hierarchy().words)
    assert run.iterations == (0,)


def test_more_granularity_more_segments():
    counts = []
    for granularity in (0.0, 0.4, 0.9):
        method = ss.Consensus(granularity=granularity)
        run = ss.segment(scene(), method, superpixels=SMALL, channel_axis=-1, **QUICK)
        counts.append(len(np.unique(run.labels())))
    assert counts[0] == 1
    assert counts[0] < counts[1] < counts[2]


def test_two_images_at_once_are_two_forests():
    images = [scene(), scene(shift=3, size=60)]
    method = ss.Consensus(networks="both", iterations=4, channels=8, every=2)
    run = ss.segment(images, method, superpixels=SMALL, channel_axis=-1, **QUICK)
    one, two = run.labels(image=0), run.labels(image=1)
    assert (one.shape, two.shape) == ((72, 72), (60, 60))
    assert not set(np.unique(one)) & set(np.unique(two))


def test_explicit_members_are_trained():
    members = (ss.DIC(width=8, n_clusters=12, n_centres=8), ss.Backprop(channels=8, min_labels=1))
    method = ss.Consensus(members=members, iterations=4, every=2, classical=False)
    run = ss.segment(scene(), method, superpixels=SMALL, channel_axis=-1, **QUICK)
    assert set(run.losses) == {"refinement", "similarity"}
    assert len(run.ballots["networks"]) == 2 * 3  # untrained too, as nothing else could vote


@pytest.mark.parametrize("shape", [(1, 9), (5, 5), (2, 3, 7)])
def test_tiny_images(shape):
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    run = ss.segment(
        image, ss.Consensus(networks="both", iterations=2, every=1, channels=4), **QUICK
    )
    assert run.labels().shape == shape
    assert run.labels().all()
