"""Estimates of memory, and the part of it that is used again, against what runs take."""

from __future__ import annotations

import json
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch

import napari_selfseg as ss
from napari_selfseg.convolving import bands
from napari_selfseg.machine import buffers
from napari_selfseg.machine.buffers import Buffers
from napari_selfseg.protocol import Problem, _training, bytes_needed

SIDE = 64
METHODS = {
    "backprop": ss.Backprop(channels=20, iterations=2, min_labels=1),
    "deep": ss.Backprop(channels=20, depth=3, iterations=2, min_labels=1),
    "dic": ss.DIC(n_clusters=20, n_centres=8, width=8, iterations=2),
    "wide": ss.DIC(n_clusters=10, n_centres=8, width=16, iterations=2),
    "dsc": ss.DSC(width=16, partitions=8, autoencoder_iterations=0, iterations=2),
}


class Lent:
    """Adds up the maps that are lent, and keeps the largest sum."""

    def __init__(self):
        self.now = self.most = 0

    def empty(self, stored):
        block = np.empty(stored, np.float32)
        self.add(block.nbytes)
        weakref.finalize(block, self.add, -block.nbytes)
        return torch.from_numpy(np.moveaxis(block, -1, 1))

    def add(self, size):
        self.now += size
        self.most = max(self.most, self.now)


def segmented(method, precision="float32", **options):
    image = np.random.default_rng(0).random((SIDE, SIDE, 3), np.float32)
    how = {"channel_axis": -1, "device": "cpu", "precision": precision, "threads": 1}
    return ss.segment(image, method, **how, **options)


# From how many numbers on maps are lent: everything, large results of convolutions left to the
# heap, everything left to it.
@pytest.mark.parametrize(("made", "convolved"), [(1, 1), (1, 10**9), (10**9, 10**9)])
@pytest.mark.parametrize("name", METHODS)
def test_what_is_lent_is_what_lives_in_memory_that_is_used_again(
    monkeypatch, name, made, convolved
):
    lent = Lent()
    monkeypatch.setattr(Buffers, "empty", lambda self, stored: lent.empty(stored))
    monkeypatch.setattr(buffers, "LARGE", made)
    monkeypatch.setattr(bands, "LARGE", convolved)
    segmented(METHODS[name])
    found = METHODS[name].cost(Problem(3, SIDE**2, 2)).lent
    assert 0.7 * lent.most <= found <= 1.3 * lent.most


@pytest.mark.parametrize(
    "problem",
    [{"itemsize": 2}, {"itemsize": 8}, {"cpu": False}, {"masked": True}],
    ids=str,
)
def test_what_is_left_to_the_heap_is_not_lent(problem):
    large = Problem(3, 2**20, 2, **problem)
    assert large.lent(64) == 0.0
    convolved = large.lent(64, convolved=True)
    assert convolved == (2**20 * 64 * 4 if "masked" in problem else 0.0)


def test_gaps_are_not_expected_in_memory_that_is_used_again():
    method, pixels = ss.Backprop(), 1024**2
    needed = bytes_needed((1024, 1024), 3, method, device="cpu", precision="float32")
    # Five maps of 100 channels; measured were 2260 MB.
    maps = 5 * pixels * 100 * 4
    assert method.cost(Problem(3, pixels, 2)).lent == maps
    assert maps < needed < 1.15 * maps


@pytest.fixture
def at_the_last_forward(monkeypatch):
    """Return a function that takes note of something when the last forward begins."""
    closed = _training.Training._closed

    def recording_ways(look):
        found = []

        def closing(*given):
            found.append(look())
            return closed(*given)

        monkeypatch.setattr(_training.Training, "_closed", closing)
        return found

    monkeypatch.setattr(buffers, "LARGE", 1)
    return recording_ways


# One that makes all its updates, and one that ends between two of them.
ENDS = [{}, {"iterations": 90, "settled": 100.0}]


@pytest.mark.parametrize("end", ENDS, ids=str)
def test_the_last_forward_finds_no_maps_of_updates(monkeypatch, at_the_last_forward, end):
    lent = Lent()
    monkeypatch.setattr(Buffers, "empty", lambda self, stored: lent.empty(stored))
    found = at_the_last_forward(lambda: lent.now)
    run = segmented(METHODS["backprop"].replace(**end))
    assert found == [0]
    assert run.iteration < 90


@pytest.mark.parametrize("end", ENDS, ids=str)
def test_the_last_forward_finds_their_memory_given_back(at_the_last_forward, end):
    found = at_the_last_forward(lambda: sum(map(len, buffers._AT_WORK.get()._free.values())))
    segmented(METHODS["backprop"].replace(**end))
    assert found == [0]


# The peak of the resident memory, as Linux keeps it; the first run pays for what stays.
MEASURE = """
import json, re, sys
import numpy as np, napari_selfseg as ss
from napari_selfseg.machine.memory import release_freed_memory

def resident(key):
    return int(re.search(key + r":\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024

def run(side, method):
    image = np.random.default_rng(0).random((side, side, 3), np.float32)
    where = {"device": "cpu", "precision": sys.argv[1], "threads": 1}
    return ss.segment(image, method, channel_axis=-1, **where)

for side in map(int, sys.argv[3:]):
    method = ss.Backprop(**json.loads(sys.argv[2]))
    run(32, method)
    release_freed_memory()
    open("/proc/self/clear_refs", "w").write("5")
    before = resident("VmRSS")
    run(side, method)
    print(resident("VmHWM") - before)
"""


NARROW = {"channels": 40, "min_labels": 1, "iterations": 3, "variant": "continuity"}
WIDE = {"channels": 128, "min_labels": 1, "iterations": 2}


def measured(values, precision, sides):
    words = [sys.executable, "-c", MEASURE, precision, json.dumps(values), *map(str, sides)]
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=300)
    return [int(found) for found in done.stdout.split()]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    "precision",
    [
        "float32",
        pytest.param(
            "bfloat16",
            marks=pytest.mark.skipif(
                not torch.cpu._is_avx512_bf16_supported(),
                reason="a processor without bfloat16 keeps copies in float32",
            ),
        ),
    ],
)
def test_memory_is_about_what_was_estimated(precision):
    sides = (128, 256, 384)
    found = measured(NARROW, precision, sides)
    how = {"device": "cpu", "precision": precision}
    for side, peak in zip(sides, found, strict=True):
        expected = bytes_needed((side, side), 3, ss.Backprop(**NARROW), **how)
        assert expected / 2 < peak < expected * 2


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_without_gaps_is_what_was_estimated():
    (peak,) = measured(WIDE, "float32", (512,))
    method = ss.Backprop(**WIDE)
    # All maps of the network are as large as those that are lent.
    assert method.cost(Problem(3, 512**2, 2)).lent == 5 * 512**2 * 128 * 4
    expected = bytes_needed((512, 512), 3, method, device="cpu", precision="float32")
    assert expected / 1.3 < peak < expected * 1.3
