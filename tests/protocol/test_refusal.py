"""A run that has not the memory does not start."""

from __future__ import annotations

import numpy as np
import pytest

import napari_selfseg as ss
from napari_selfseg.protocol import OutOfMemory, evolve
from napari_selfseg.protocol import _needed as needed

METHOD = ss.Backprop(channels=8, iterations=2)
IMAGE = np.random.default_rng(0).random((40, 50), np.float32)


@pytest.fixture
def free(monkeypatch):
    """Say how many bytes are free."""

    def bytes_free(count):
        monkeypatch.setattr(needed, "computer_memory", lambda: count)

    return bytes_free


def test_a_script_is_told_what_to_reduce(free):
    free(100_000)
    with pytest.raises(OutOfMemory) as told:
        evolve(IMAGE, METHOD, device="cpu")
    said = str(told.value)
    assert said.startswith("A run of Backprop on 40 x 50 pixels needs about 1 MB, and 1 MB are")
    for advice in ("half the size", "fewer channels", "--memory", "LargeImage"):
        assert advice in said


def test_where_there_is_room_it_starts(free):
    free(10**9)
    assert evolve(IMAGE, METHOD, device="cpu", precision="float32").finish().iteration > 0


def test_several_images_are_in_memory_together(free):
    one = needed.bytes_needed((40, 50), 1, METHOD, device="cpu", precision="float32")
    free(2 * one)
    how = {"device": "cpu", "precision": "float32"}
    evolve([IMAGE], METHOD, **how).close()
    with pytest.raises(OutOfMemory, match="on 3 images of 40 x 50 pixels"):
        evolve([IMAGE] * 3, METHOD, **how)


def test_freed_memory_is_given_back_before_a_run_is_refused(monkeypatch):
    found = iter([10, 2000, 10])
    given_back = []
    monkeypatch.setattr(needed, "computer_memory", lambda: next(found))
    monkeypatch.setattr(needed, "release_freed_memory", lambda: given_back.append(True))
    assert needed.available_memory("cpu", wanted=1000) == 2000
    assert given_back == [True]
    assert needed.available_memory("cpu", wanted=5) == 10
    assert given_back == [True]


def test_given_superpixels_take_no_more_room(free):
    thin = ss.Backprop(channels=2, depth=1, iterations=1)
    labels = np.arange(2000).reshape(40, 50) // 10 + 1
    how = {"device": "cpu", "precision": "float32"}
    given = needed.bytes_needed((40, 50), 1, thin, superpixels="given", **how)
    made = needed.bytes_needed((40, 50), 1, thin, superpixels=ss.superpixels.MeanShift(), **how)
    assert given < made
    free((given + made) // 2)
    evolve(IMAGE, thin, superpixels=labels, **how).close()
    with pytest.raises(OutOfMemory):
        evolve(IMAGE, thin, superpixels=ss.superpixels.MeanShift(), **how)
