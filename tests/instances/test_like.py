"""One example is enough: objects like the one that was shown, and of several kinds."""

import json

import numpy as np
import pytest
import torch

import napari_selfseg as ss
from napari_selfseg.instances._like._kinds import Kinds
from napari_selfseg.instances._like._likeness import first_gap
from napari_selfseg.instances._like._shared import together

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
LARGE = [(25, 25), (30, 95), (95, 60)]
SMALL = [(20, 60), (60, 20), (60, 60), (60, 100), (95, 20), (110, 105), (20, 125), (70, 128)]


def blood(large=LARGE, small=SMALL, seed=0, shape=(130, 140)):
    """Dark violet discs among paler red ones, on a light ground; and the kind of each pixel."""
    y, x = np.indices(shape)
    kinds = np.zeros(shape, np.int32)
    for middles, r, kind in ((small, 8, 2), (large, 14, 1)):
        for cy, cx in middles:
            kinds[(y - cy) ** 2 + (x - cx) ** 2 <= r**2] = kind
    colours = np.array([[245, 230, 215], [90, 40, 130], [200, 120, 120]], float)
    noise = np.random.default_rng(seed).normal(scale=5, size=(*shape, 3))
    return np.clip(colours[kinds] + noise, 0, 255).astype(np.uint8), kinds


def strokes(**lines):
    drawn = np.zeros((130, 140), np.uint8)
    for name, (cy, cx) in lines.items():
        drawn[cy, cx - 4 : cx + 5] = int(name[1:])
    return drawn


def found(image, drawn, **parameters):
    run = ss.segment(image, ss.Objects(**parameters), scribbles=drawn, channel_axis=-1, **QUICK)
    return run, run.labels()


def kinds_on(labels, kinds):
    return sorted(int(np.bincount(kinds[labels == n]).argmax()) for n in range(1, labels.max() + 1))


@pytest.mark.parametrize(("at", "kind", "count"), [((25, 25), 1, 3), ((60, 60), 2, 8)])
def test_what_is_unlike_the_example_is_left_out(at, kind, count):
    image, kinds = blood()
    _, labels = found(image, strokes(_1=at))
    assert kinds_on(labels, kinds) == [kind] * count


def test_a_click_is_an_example():
    image, kinds = blood()
    drawn = np.zeros((130, 140), np.uint8)
    drawn[95, 60] = 1
    assert kinds_on(found(image, drawn)[1], kinds) == [1] * 3


def test_each_object_is_of_the_kind_it_is_most_like_also_in_other_images():
    image, kinds = blood()
    run, labels = found(image, strokes(_1=(25, 25), _2=(60, 60)), kinds="nucleus, red cell")
    classes = run.fit.object_classes(image, labels, channel_axis=-1)
    assert run.fit.method.class_names == {1: "nucleus", 2: "red cell"}
    assert (classes[labels][labels > 0] == kinds[labels > 0]).mean() > 0.99
    assert sorted(classes[1:]) == [1] * 3 + [2] * 8
    other, there = blood([(40, 100)], [(20, 20), (100, 30), (90, 90)], seed=1)
    labels = run.fit.predict(other, channel_axis=-1)
    classes = run.fit.object_classes(other, labels, channel_axis=-1)
    assert sorted(classes[1:]) == [1, 2, 2, 2]
    assert (classes[labels][labels > 0] == there[labels > 0]).mean() > 0.99


def test_replay_makes_kinds_again_and_a_file_keeps_them(tmp_path):
    image, _ = blood()
    run, labels = found(image, strokes(_1=(25, 25), _2=(60, 60)), kinds="nucleus")
    assert run.method.kinds == "nucleus, 2"
    record = json.loads(ss.record.dumps(run.record()))
    assert np.array_equal(ss.replay(record, image), labels)
    ss.save_fit(run.fit, tmp_path / "kinds.safetensors")
    fit = ss.load_fit(tmp_path / "kinds.safetensors")
    assert np.array_equal(fit.predict(image, channel_axis=-1), labels)
    wanted = run.fit.object_classes(image, labels, channel_axis=-1)
    assert np.array_equal(fit.object_classes(image, labels, channel_axis=-1), wanted)


@pytest.mark.parametrize("names", ["", "cell, None"])
def test_strokes_named_none_and_others_without_names_show_no_kind(names):
    image, kinds = blood()
    drawn = strokes(_1=(60, 60), _2=(25, 25))
    run, labels = found(image, drawn, kinds=names)
    assert isinstance(run.fit.restored(torch.device("cpu")), torch.nn.Module)
    assert kinds_on(labels, kinds) == [2] * 8
    assert set(run.fit.object_classes(image, labels, channel_axis=-1)) == {0, 1}


def test_a_fit_of_an_earlier_version_knows_no_examples():
    image, _ = blood()
    fit = ss.segment(image, ss.Objects(iterations=25), channel_axis=-1, **QUICK).fit
    labels = fit.predict(image, channel_axis=-1)
    kept = {name: each for name, each in fit.weights.items() if name not in ("shown", "farthest")}
    assert len(kept) == len(fit.weights) - 2
    old = ss.Fit(fit.method, 3, 2, fit.scaling, fit.classes, kept)
    assert np.array_equal(old.predict(image, channel_axis=-1), labels)


@pytest.mark.parametrize(
    ("kinds", "labels", "numbers"),
    [
        ("", [1], (1,)),
        ("", [2], (1,)),
        ("", [1, 3], (1,)),
        ("a, none", [1, 2], (1,)),
        ("none, b", [1, 2, 3], (2, 3)),
    ],
)
def test_what_is_drawn_says_which_kinds_there_are(kinds, labels, numbers):
    assert Kinds.read(kinds).drawn(labels).numbers == numbers


def test_what_cannot_be_meant_is_refused():
    image, _ = blood()
    with pytest.raises(ValueError, match="No stroke shows 'red cell': draw one"):
        found(image, strokes(_1=(25, 25)), kinds="nucleus, red cell")
    with pytest.raises(ValueError, match="kinds must name what objects are called"):
        ss.Objects(kinds="none")
    fit = ss.segment(image, ss.Objects(iterations=1), channel_axis=-1, **QUICK).fit
    with pytest.raises(ValueError, match="give whole numbers, one a pixel"):
        fit.object_classes(image, np.zeros((3, 3), int), channel_axis=-1)


def test_objects_are_alike_up_to_the_first_gap():
    assert first_gap(np.array([0, 0.1, 0.3, 0.9, 1.0])) == pytest.approx(0.6)
    assert first_gap(np.linspace(0, 2, 20)) == np.inf
    assert first_gap(np.array([0.0, np.inf])) == np.inf


def test_of_two_objects_over_each_other_the_better_one_is_taken():
    one, other = np.zeros((2, 4, 9), np.int32)
    one[:, :4], one[:, 6:], other[:, 1:5] = 1, 2, 1
    both = together([one, other], [np.array([0.2, 0.5]), np.array([0.9])])
    assert both[0].tolist() == [0, 2, 2, 2, 2, 0, 1, 1, 1]
