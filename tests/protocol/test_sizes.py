"""Updates on a smaller image first."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_selfseg import DIC, DSC, Backprop, evolve, segment
from napari_selfseg.protocol import Control, Inputs, Problem, Sizes, phases, relative_work, steps_of
from napari_selfseg.superpixels import Slic

COARSE_TO_FINE = "coarse to fine"
SMALL = {
    "backprop": Backprop(iterations=10, channels=8, min_labels=1),
    "continuity": Backprop(iterations=10, channels=8, min_labels=1, variant="continuity"),
    "dic": DIC(iterations=10, width=4, n_clusters=8, n_centres=4),
    "dsc": DSC(iterations=14, autoencoder_iterations=4, partitions=6, width=4, crop_size=16),
}


def inputs(x, valid=None, index=None, scribbles=None):
    n = 0 if index is None else int(index.max())
    return Inputs(x, valid, index, n, scribbles, torch.float32, Control())


def halves(shape=(130, 140)):
    noise = np.random.default_rng(0).normal(0, 12, shape)
    return (np.indices(shape)[-1] > shape[-1] // 2) * 120 + 60 + noise


def test_most_updates_are_made_at_a_quarter_of_the_size_and_the_last_at_all_of_it():
    sizes = Sizes(COARSE_TO_FINE, 20, inputs(torch.rand(1, 2, 130, 140)))
    shapes = [tuple(sizes.at(t).v.shape[2:]) for t in range(21)]
    assert shapes == [(33, 35)] * 12 + [(65, 70)] * 6 + [(130, 140)] * 3
    assert phases(COARSE_TO_FINE, 20) == [("quarter size", 12), ("half size", 6), ("full size", 2)]
    assert phases("full size", 20) == [("full size", 20)]


def test_what_is_short_is_not_shrunk():
    assert steps_of((63, 64, 127, 128), 4) == (1, 2, 2, 4)
    sizes = Sizes("quarter size", 5, inputs(torch.rand(1, 1, 8, 140, 140)))
    assert sizes.at(0).steps == (1, 4, 4)


def test_the_work_is_that_of_the_mean_update():
    problem = Problem(pixels=100, in_channels=1, ndim=2, itemsize=4, masked=False, scribbled=False)
    assert relative_work("full size", problem) == 1
    assert relative_work("half size", problem) == 1 / 4
    assert relative_work(COARSE_TO_FINE, problem) == pytest.approx(0.6 / 16 + 0.3 / 4 + 0.1)


def test_a_coarse_pixel_has_the_superpixel_in_its_middle_and_strokes_stay():
    index = torch.arange(1, 66 * 64 + 1).reshape(1, 66, 64)
    strokes = torch.full((1, 66, 64), -1)
    strokes[0, 5, 7] = 3
    found = Sizes("half size", 4, inputs(torch.rand(1, 1, 66, 64), None, index, strokes)).at(0)
    assert torch.equal(found.inputs.index, index[:, 1::2, 1::2])
    assert found.inputs.scribbles[0, 2, 3] == 3
    assert (found.inputs.scribbles >= 0).sum() == 1
    assert torch.equal(found.restored(found.inputs.index)[:, 1::2, 1::2], index[:, 1::2, 1::2])


def test_an_odd_edge_has_a_pixel_of_its_own():
    index = torch.arange(1, 65 * 65 + 1).reshape(1, 65, 65)
    found = Sizes("half size", 4, inputs(torch.rand(1, 1, 65, 65), None, index)).at(0)
    assert found.inputs.index.shape == (1, 33, 33)
    assert found.inputs.index[0, -1, -1] == 65 * 65
    assert found.restored(found.inputs.index).shape == (1, 65, 65)


@pytest.mark.parametrize("method", SMALL.values(), ids=SMALL)
@pytest.mark.parametrize("masked", [False, True])
def test_every_step_has_labels_of_all_pixels(method, masked):
    image = halves()
    mask = np.ones(image.shape, bool)
    mask[:40, :50] = not masked
    drawn = np.zeros(image.shape, np.uint8)
    drawn[100, 5:9], drawn[100, 130:134] = 1, 2
    given = {"scribbles": drawn, "mask": mask, "superpixels": None}
    if method.default_superpixels() is not None:
        given["superpixels"] = Slic(n_segments=300)
    method = method.replace(schedule=COARSE_TO_FINE)
    run = evolve(image, method, device="cpu", threads=1, **given)
    for step in run:
        labels = run.project(step.votes)
        assert labels.shape == image.shape
        np.testing.assert_array_equal(labels > 0, mask)
    assert run.stopped is not None
    assert (run.labels()[drawn > 0] == drawn[drawn > 0]).all()


@pytest.mark.parametrize("method", SMALL.values(), ids=SMALL)
def test_a_volume_too(method):
    volume = np.stack([halves((64, 66))] * 6)
    method = method.replace(schedule="half size")
    found = segment(volume, method, device="cpu", threads=1).labels()
    assert found.shape == volume.shape
    assert found.min() >= 1


def test_at_full_size_nothing_changes_and_otherwise_the_updates_do():
    image, how = halves(), {"device": "cpu", "threads": 1, "precision": "float32"}
    quick = SMALL["backprop"]
    usual = evolve(image, quick, **how).finish()
    coarse = evolve(image, quick.replace(schedule=COARSE_TO_FINE), **how).finish()
    assert usual.losses["similarity"][0] != coarse.losses["similarity"][0]
    first, second = usual.labels(), coarse.labels()
    assert (first != second).any(), "test invalid: both give the same labels"
    again = evolve(image, quick.replace(schedule=COARSE_TO_FINE), **how).finish().labels()
    np.testing.assert_array_equal(again, second)


def test_both_sides_of_an_image_are_told_apart_at_every_size():
    image = halves()
    for schedule in ("half size", "quarter size", COARSE_TO_FINE):
        method = Backprop(iterations=30, channels=16, min_labels=2, schedule=schedule)
        found = segment(image, method, device="cpu", threads=1).labels()
        left, right = (np.bincount(side.ravel()) for side in (found[:, :60], found[:, 80:]))
        assert left.argmax() != right.argmax()
        both = min(len(left), len(right))
        assert np.minimum(left[:both], right[:both]).sum() < 0.05 * found.size
