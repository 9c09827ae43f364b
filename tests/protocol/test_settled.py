"""A run whose labels change no more ends."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_selfseg import DIC, DSC, Backprop, evolve
from napari_selfseg.protocol import BY_ITSELF, Control, Inputs, Settled
from napari_selfseg.superpixels import Slic

IMAGE = (np.indices((70, 80))[1] > 40) * 150 + np.random.default_rng(0).normal(50, 5, (70, 80))
SMALL = {
    "backprop": Backprop(iterations=60, channels=8, min_labels=1),
    "continuity": Backprop(iterations=60, channels=8, min_labels=1, variant="continuity"),
    "dic": DIC(iterations=60, width=4, n_clusters=8, n_centres=4),
    "dsc": DSC(iterations=64, autoencoder_iterations=4, partitions=4, width=4, crop_size=16),
}


def watching(index=None, valid=None):
    x = torch.zeros(1, 1, 4, 5)
    n = 0 if index is None else int(index.max())
    inputs = Inputs(x, valid, index, n, None, torch.float32, Control())
    settled = Settled()
    return settled, lambda votes, least: settled.note(votes, least, inputs)


def test_ten_updates_are_looked_at():
    (settled, note), votes = watching(), torch.ones(1, 4, 5)
    for t in range(10):
        note(votes, 1.0)
        assert settled.stop(t) is None
    note(votes, 1.0)
    stop = settled.stop(10)
    assert (stop.kind, stop.kind in BY_ITSELF) == ("settled", True)
    assert stop.sentence == (
        "The labels have settled after 10 iterations: 0 % of the pixels change in an update."
    )


@pytest.mark.parametrize(("least", "ends"), [(4.9, False), (5.1, True)])
def test_the_share_is_that_of_the_pixels(least, ends):
    settled, note = watching()
    for t in range(11):  # one of 20 pixels changes every time
        votes = torch.ones(1, 4, 5)
        votes[0, 0, 0] = t + 2
        note(votes, least)
    assert (settled.stop(11) is not None) == ends


@pytest.mark.parametrize(("least", "ends"), [(12.4, False), (12.6, True)])
def test_a_superpixel_counts_as_its_pixels_and_no_data_do_not(least, ends):
    index = torch.tensor([[[0, 0, 0, 0], [1, 1, 1, 1], [1, 1, 1, 2]]])
    settled, note = watching(index)
    for t in range(11):  # one of eight pixels with data
        note(torch.tensor([t, 1, t]), least)
    assert (settled.stop(11) is not None) == ends


def test_pixels_without_data_do_not_count():
    valid = torch.zeros(1, 1, 4, 5, dtype=torch.bool)
    valid[0, 0, 0, 0] = True
    settled, note = watching(valid=valid)
    for t in range(11):
        votes = torch.ones(1, 4, 5)
        votes[0, 0, 0] = t + 2
        note(votes, 99.0)
    assert settled.stop(11) is None


def test_what_may_not_end_yet_is_forgotten():
    (settled, note), votes = watching(), torch.ones(1, 4, 5)
    for _ in range(12):
        note(votes, 1.0)
    note(votes + 1, 0.0)
    assert settled.stop(13) is None


@pytest.mark.parametrize("method", SMALL.values(), ids=SMALL)
def test_a_run_ends_early_with_the_labels_it_shows(method):
    superpixels = None if method.default_superpixels() is None else Slic(n_segments=60)
    how = {"device": "cpu", "threads": 1, "superpixels": superpixels}
    run = evolve(IMAGE, method.replace(settled=100.0), **how).finish()
    first = 4 if method.name == "dsc" else 0
    assert (run.stopped.kind, run.iteration) == ("settled", 10 + first)
    assert run.fit.method.settled == 100.0
    usual = evolve(IMAGE, method.replace(iterations=10 + first), **how).finish()
    assert usual.stopped.kind == "finished"
    np.testing.assert_array_equal(usual.labels(), run.labels())


def test_coarse_to_fine_does_not_end_before_the_last_size():
    method = SMALL["continuity"].replace(schedule="coarse to fine", settled=100.0, iterations=120)
    run = evolve(np.tile(IMAGE, (2, 2)), method, device="cpu", threads=1).finish()
    assert run.stopped.kind == "settled"
    assert run.iteration == 108 + 10
