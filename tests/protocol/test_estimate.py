"""Estimates before a run: their structure and order; how long things take is not asserted."""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import napari_selfseg as ss
from napari_selfseg.catalogue import METHODS
from napari_selfseg.convolving import SETTING as WEIGHT_GRADIENT
from napari_selfseg.machine.load import stretched
from napari_selfseg.nets.layers import normalisation
from napari_selfseg.protocol import (
    GIVEN,
    Estimate,
    Problem,
    Spent,
    Trial,
    available_memory,
    bytes_needed,
    estimate,
    in_words,
    seconds_to_predict,
)
from napari_selfseg.superpixels import Felzenszwalb, Spnn

METHOD = ss.Backprop(channels=50)


def answered(prepare=1.0, begin=0.0, updates=(0.1,), end=0.0, predict=0.2, shape=(50, 100)):
    """Return trials that know what everything takes on a picture."""

    def spent(seconds):
        return Spent(seconds, 2 * seconds)

    each = tuple(spent(seconds) for seconds in updates)
    found = Trial(shape, spent(prepare), spent(begin), each, spent(end), spent(predict))
    return lambda question: found


HERE = {"device": "cpu", "precision": "float32", "threads": 1, "trials": answered()}


def estimated(shape=(100, 200), in_channels=3, method=METHOD, **options):
    return estimate(shape, in_channels, method, **{**HERE, **options})


@pytest.mark.parametrize("cls", METHODS, ids=lambda cls: cls.name)
@pytest.mark.parametrize("masked", [False, True])
def test_every_method_says_what_it_takes(cls, masked):
    for ndim in cls.ndims:
        cost = cls().cost(Problem(3, 10_000, ndim, masked=masked))
        twice = cls().cost(Problem(3, 20_000, ndim, masked=masked))
        # A graph of superpixels is no larger in a larger image; what is kept always is.
        assert 0 < cost.flops <= twice.flops
        assert 0 < cost.moved <= twice.moved
        assert 0 < cost.kept < twice.kept


def test_the_public_setting_takes_the_published_work():
    # 481 x 321 pixels, M = 2 and 3.
    flops = [ss.Backprop(depth=m).cost(Problem(3, 481 * 321, 2)).flops for m in (2, 3)]
    assert flops == pytest.approx([94e9, 178e9], rel=0.01)


def test_flops_are_those_torch_counts():
    from torch.utils.flop_counter import FlopCounterMode

    method = ss.Backprop(channels=6, depth=3)
    network = method.network(2, 2, torch.Generator())
    x = torch.rand(1, 2, 16, 16)
    with FlopCounterMode(display=False) as counter:
        # Its counter knows convolution, not the kernel chosen for float32 on a processor.
        network(x.bfloat16()).sum().backward()
    assert method.cost(Problem(2, 256, 2)).flops == counter.get_total_flops()


@pytest.mark.parametrize(
    "more",
    [
        {"shape": (200, 200)},
        {"shape": (2, 100, 200)},
        {"images": 2},
    ],
    ids=lambda more: "-".join(more),
)
def test_more_takes_longer_and_more_room(more):
    less, larger = estimated(), estimated(**more)
    assert larger.seconds_per_iteration > less.seconds_per_iteration
    assert larger.seconds > less.seconds
    assert larger.bytes > less.bytes


@pytest.mark.parametrize(
    "more",
    [
        {"method": METHOD.replace(channels=60)},
        {"method": METHOD.replace(depth=3)},
        {"masked": True},
        {"in_channels": 30},
    ],
    ids=lambda more: "-".join(more),
)
def test_more_a_pixel_takes_more_room(more):
    assert estimated(**more).bytes > estimated().bytes


def test_what_is_done_once_and_each_update_grow_with_the_pixels():
    trials = answered(prepare=1, begin=2, updates=(0.1,), end=3)
    found = estimated((100, 200), trials=trials, method=METHOD.replace(iterations=50))
    assert found.seconds == pytest.approx(4 * (1 + 2 + 3 + 50 * 0.1))
    assert found.seconds_per_iteration == pytest.approx(0.4)
    assert found.processor == pytest.approx(2 * found.seconds)


def test_what_does_not_grow_with_the_image_shows_on_two_pictures():
    small, large = answered(1, 0, (0.1,), shape=(25, 50))(None), answered(2, 0, (0.1,))(None)
    found = replace(large, smaller=small)
    once = METHOD.replace(iterations=1)
    growing = estimated((100, 200), 3, once, trials=lambda question: large).seconds
    less = estimated((100, 200), 3, once, trials=lambda question: found).seconds
    assert growing == pytest.approx(4 * 2 + 4 * 0.1)
    # 1 s for 3750 pixels more; of updates, at least half is taken to grow.
    assert less == pytest.approx(2 + 15_000 / 3750 + 0.1 * (1 + 3 / 2))


def test_kinds_of_updates_are_counted_each():
    consensus = ss.Consensus(networks="both", iterations=60, every=20)
    trials = answered(0, updates=(0.1, 1.0))
    assert estimated((50, 100), 3, consensus, trials=trials).seconds == pytest.approx(57 * 0.1 + 3)
    # Crops that train the autoencoder are no larger in a larger image.
    dsc = ss.DSC(iterations=30, autoencoder_iterations=10, crop_size=32, batch_size=1)
    found = estimated((100, 200), 3, dsc, trials=trials)
    assert found.seconds == pytest.approx(10 * 0.1 + 4 * 20, rel=0.01)
    warm = estimated((100, 200), 3, dsc, trials=trials, updates=5)
    assert warm.seconds == pytest.approx(4 * 5)


@pytest.mark.parametrize("cls", METHODS, ids=lambda cls: cls.name)
def test_parts_make_up_the_run(cls):
    for method in (cls(), cls(iterations=3)):
        parts = method.parts()
        # Where nothing is trained there is one look, and no update.
        assert sum(part.updates for part in parts) == max(method.updates, 1)
        assert all(part.updates > 0 for part in parts)
        assert method.likely_iterations <= method.iterations
        declared = {each.name for each in cls.declared()}
        assert set(cls.costless) <= declared


def test_what_may_end_early_says_what_is_likely():
    method = ss.Backprop(iterations=400)
    found = estimated((50, 100), 3, method, trials=answered(0))
    assert found.seconds == pytest.approx(40)
    assert found.likely == pytest.approx(10)
    for to_the_end in (method.replace(min_labels=1), method.replace(variant="continuity")):
        assert estimated((50, 100), 3, to_the_end).likely is None


def test_superpixels_take_time_and_room():
    trials = answered(prepare=2, updates=(0.0,))
    assert estimated((100, 200), trials=trials).seconds == pytest.approx(8)
    # Its network learns on a quarter of the size, once that has pixels enough for a superpixel.
    learned = estimated((512, 512), superpixels=Spnn(n_segments=50), trials=trials).seconds
    assert learned < 2 * 512 * 512 / 5000 / 2
    thin = {"method": ss.Backprop(channels=2, depth=1), "in_channels": 1}
    room = [estimated(superpixels=each, **thin).bytes for each in (GIVEN, None, Felzenszwalb())]
    assert room[0] <= room[1] < room[2]


def test_iterations_take_time_and_where_maps_of_pixels_are_kept_some_room():
    short, long = METHOD.replace(iterations=100), METHOD.replace(iterations=300)
    one, three = (estimated(method=each, trials=answered(0)) for each in (short, long))
    assert three.seconds == pytest.approx(3 * one.seconds)
    assert three.seconds_per_iteration == one.seconds_per_iteration
    assert three.bytes == one.bytes
    maps = [estimated(method=each.replace(variant="continuity")).bytes for each in (short, long)]
    assert maps[1] - maps[0] == pytest.approx(200 * 100 * 200, abs=1)


def test_half_precision_takes_less_room_where_as_many_maps_are_kept():
    half, whole = (estimated(precision=p, masked=True) for p in ("bfloat16", "float32"))
    assert half.bytes < 0.8 * whole.bytes


def test_float32_keeps_fewer_maps_than_with_a_mask():
    assert estimated().bytes < 0.5 * estimated(masked=True).bytes


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"device": "quantum"}, "device"), ({"precision": "half"}, "precision")],
)
def test_what_cannot_run_is_not_estimated(wrong, message):
    with pytest.raises(ValueError, match=message):
        estimated(**wrong)
    with pytest.raises(ValueError, match=message):
        bytes_needed((10, 10), 1, METHOD, **wrong)


@pytest.mark.parametrize(
    ("seconds", "size", "words"),
    [
        (0.2, 400_000, "about 1 s and 1 MB"),
        (43.2, 57e6, "about 43 s and 57 MB"),
        (89.9, 999e6, "about 90 s and 1 GB"),
        (124, 1.34e9, "about 2.1 min and 1.3 GB"),
        (60 * 89, 12.7e9, "about 89 min and 13 GB"),
        (3600 * 5.06, 999.9e9, "about 5.1 h and 1 TB"),
        (86400 * 3.1, 4.2e12, "about 3.1 days and 4.2 TB"),
    ],
)
def test_in_words(seconds, size, words):
    assert in_words(Estimate(1.0, seconds, int(size))) == words


def test_in_words_where_other_programs_are_at_work():
    found = Estimate(1.0, 30.0, 10**9)
    assert in_words(found, 1.2) == "about 30 s and 1 GB", "no more than the usual error"
    assert in_words(found, 2) == "about 30 s to 60 s and 1 GB"
    found = Estimate(1.0, 540.0, 10**9, likely=43.2)
    assert in_words(found, 2) == "about 43 s to 86 s (18 min at most) and 1 GB"


@pytest.mark.parametrize(
    ("load", "threads", "times"),
    [(0.0, 1, 1), (3.0, 1, 1), (7.0, 1, 2), (8.0, 4, 3), (4.0, 8, 1.5)],
)
def test_a_load_stretches_what_has_to_wait_for_a_processor(monkeypatch, load, threads, times):
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr("os.getloadavg", lambda: (load, 0.0, 0.0))
    assert stretched(threads) == times


def test_where_no_load_is_told_nothing_is_stretched(monkeypatch):
    monkeypatch.delattr("os.getloadavg", raising=False)
    assert stretched(64) == 1


def test_in_words_with_what_is_likely():
    found = Estimate(1.0, 540.0, 10**9, likely=43.0)
    assert in_words(found) == "about 43 s (9 min at most) and 1 GB"
    assert in_words(Estimate(1.0, 43.2, 10**9, likely=43.0)) == "about 43 s and 1 GB"


def test_memory_is_there():
    assert available_memory() > 10**6


@pytest.fixture(autouse=True)
def large_maps(monkeypatch):
    """Maps of these small images are normalised as large ones are, of which estimates speak."""
    monkeypatch.setattr(normalisation, "lends", lambda numbers: True)


class Living(TorchDispatchMode):
    """Adds up the tensors that exist, and keeps the largest sum."""

    def __init__(self):
        super().__init__()
        self.now = self.most = 0
        self.known = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for each in tree_leaves(result):
            if isinstance(each, torch.Tensor):
                self.count(each.untyped_storage())
        return result

    def count(self, storage):
        key, size = storage._cdata, storage.nbytes()
        if key not in self.known:
            self.known.add(key)
            self.now += size
            self.most = max(self.most, self.now)
            weakref.finalize(storage, self.forget, key, size)

    def forget(self, key, size):
        self.known.discard(key)
        self.now -= size


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("scribbled", [False, True])
@pytest.mark.parametrize("values", [{}, {"depth": 4}, {"variant": "continuity"}], ids=repr)
@pytest.mark.parametrize("shape", [(60, 70), (10, 20, 20)])
def test_the_tensors_kept_are_those_that_live(
    precision, masked, scribbled, values, shape, monkeypatch
):
    monkeypatch.setenv(WEIGHT_GRADIENT, "products")  # what a trial keeps is no part of the run
    method = ss.Backprop(channels=40, iterations=2, min_labels=1, **values)
    image = np.random.default_rng(0).random((*shape, 3), np.float32)
    mask = np.indices(shape).sum(axis=0) > 3 if masked else None
    scribbles = np.arange(image[..., 0].size).reshape(shape) % 50 == 9 if scribbled else None
    options = {"mask": mask, "scribbles": scribbles, "channel_axis": -1}
    if not values.get("variant"):
        options["superpixels"] = np.arange(image[..., 0].size).reshape(shape) // 10 + 1
    with Living() as living:
        ss.segment(image, method, device="cpu", precision=precision, threads=1, **options)
    itemsize = 4 if precision == "float32" else 2
    problem = Problem(3, image[..., 0].size, len(shape), itemsize, masked, scribbled)
    # Of a volume in float32 fewer maps live at once than are counted.
    most = 1.35 if len(shape) == 3 else 1.2
    assert 0.8 < method.cost(problem).kept / living.most < most


@pytest.mark.parametrize("side", [64, 256])
@pytest.mark.parametrize("backbone", ["none", "superpixels", "diffgcn"])
def test_the_tensors_kept_of_patches_and_whole_images_are_those_that_live(
    side, backbone, monkeypatch
):
    monkeypatch.setenv(WEIGHT_GRADIENT, "products")
    size = {"patch_size": 32, "batch_size": 4, "width": 8, "n_superpixels": 50}
    method = ss.SGSeg(backbone=backbone, iterations=2, spnn_iterations=1, view_every=1, **size)
    image = np.random.default_rng(0).random((side, side, 3), np.float32)
    with Living() as living:
        ss.segment(image, method, channel_axis=-1, device="cpu", precision="float32", threads=1)
    assert 0.65 < method.cost(Problem(3, side * side, 2)).kept / living.most < 1.4


@pytest.mark.parametrize("cls", METHODS, ids=lambda cls: cls.name)
def test_a_prediction_is_expected_to_take_longer_on_a_larger_image(cls):
    method = cls()
    near, far = (seconds_to_predict(method, 3, (n, n), trials=answered()) for n in (512, 2048))
    # 16 times as large; trees of objects are slower where caches do not hold them.
    assert 3 < far / near <= 20
