"""Recipes: validated, saved whole, and read from the labels they made."""

import json

import numpy as np
import pytest

import napari_selfseg as ss
from napari_selfseg.record import dumps, loads

HERE = {"device": "cpu", "threads": 1, "precision": "float32"}
METHOD = ss.Backprop(iterations=2, channels=6, min_labels=1)
FULL = ss.Recipe(
    ss.Consensus(networks="both", iterations=4),
    superpixels=ss.Slic(n_segments=40),
    precision="float32",
    segments=7,
    connected=True,
    minimum_size=5,
)


def picture():
    return np.random.default_rng(0).random((20, 24))


def record(method=METHOD, **options):
    run = ss.segment(picture(), method, superpixels=ss.Slic(n_segments=30), **HERE, **options)
    return loads(dumps(run.record()))


STACKS = ss.Recipe(METHOD, carry="joint", axis="tz", planes_fitted=3)


@pytest.mark.parametrize(
    "recipe", [ss.Recipe(METHOD), FULL, STACKS, ss.Recipe(METHOD, segments="auto")]
)
def test_a_saved_recipe_is_the_same(tmp_path, recipe):
    recipe.save(tmp_path / "recipe.json")
    assert ss.Recipe.load(tmp_path / "recipe.json") == recipe
    assert ss.Recipe.from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe


def test_a_recipe_from_before_stacks_still_loads(tmp_path):
    FULL.save(tmp_path / "recipe.json")
    values = json.loads((tmp_path / "recipe.json").read_text())
    for name in ("carry", "axis", "stack_iterations", "planes_fitted"):
        assert values.pop(name) is None
    (tmp_path / "recipe.json").write_text(json.dumps(values))
    assert ss.Recipe.load(tmp_path / "recipe.json") == FULL


def test_a_model_beside_its_recipe_moves_along(tmp_path):
    (tmp_path / "one").mkdir()
    ss.Recipe(model=str(tmp_path / "one" / "m.safetensors")).save(tmp_path / "one" / "r.json")
    (tmp_path / "one").rename(tmp_path / "two")
    assert ss.Recipe.load(tmp_path / "two" / "r.json").model == str(
        tmp_path / "two" / "m.safetensors"
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "a method to train or a model to apply"),
        ({"method": METHOD, "model": "m.safetensors"}, "one of them"),
        ({"method": METHOD, "precision": "double"}, "auto, float32, bfloat16"),
        ({"method": METHOD, "segments": 0}, "from 1 on, or auto"),
        ({"method": METHOD, "segments": "many"}, "from 1 on, or auto"),
        ({"method": METHOD, "minimum_size": -1}, "pixels from 0 on"),
        ({"method": METHOD, "connected": "yes"}, "true or false"),
        ({"model": "m.safetensors", "segments": 3}, "no iterations to cut"),
        ({"model": "m.safetensors", "carry": "warm"}, "leave out carry"),
        ({"method": METHOD, "carry": "cold"}, "There is no carry 'cold'"),
        ({"method": METHOD, "carry": "warm", "segments": 3}, "not along a stack"),
        ({"method": METHOD, "carry": "warm", "axis": 0}, "a name such as z"),
        ({"method": METHOD, "carry": "warm", "stack_iterations": 0}, "from 1 on"),
        ({"method": METHOD, "carry": "warm", "planes_fitted": 2}, "for joint"),
        ({"method": METHOD, "axis": "z"}, "axis is for stacks .* choose a carry"),
        ({"method": METHOD, "planes_fitted": 2}, "planes fitted is for stacks"),
    ],
)
def test_what_does_not_go_together_is_refused(values, words):
    with pytest.raises(ValueError, match=words):
        ss.Recipe(**values)


def damaged(path, **changes):
    ss.Recipe(METHOD).save(path)
    values = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is damaged, or no recipe"),
        ('{"format": "napari-selfseg rec', "is damaged, or no recipe"),
        ("\x00\xff", "is damaged, or no recipe"),
        ("[]", "is no recipe"),
        ('{"method": "backprop"}', "is no recipe"),
        ('{"format": "napari-selfseg recipe"}', "does not say its version"),
        ('{"format": "napari-selfseg recipe", "version": 2}', "newer napari-selfseg"),
    ],
)
def test_files_that_hold_no_recipe(tmp_path, text, words):
    path = tmp_path / "recipe.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=words):
        ss.Recipe.load(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": {"name": "magic"}}, "no method 'magic'"),
        ({"method": {"name": "backprop", "channels": -4}}, "channels"),
        ({"method": 5}, "a name and parameters"),
        ({"superpixels": {"name": "magic"}}, "'magic'"),
        ({"spells": 3}, "no 'spells'"),
        ({"precision": [1]}, "precision"),
    ],
)
def test_a_value_that_is_not_known_is_named(tmp_path, changes, words):
    path = tmp_path / "recipe.json"
    damaged(path, **changes)
    with pytest.raises(ValueError, match=rf"recipe.json cannot be used: .*{words}"):
        ss.Recipe.load(path)


def test_there_is_no_such_file(tmp_path):
    for name in ("a.json", "a.tif", "a.safetensors"):
        with pytest.raises(FileNotFoundError):
            ss.Recipe.load(tmp_path / name)


def test_a_recipe_that_cannot_be_written_leaves_the_older_one(tmp_path, monkeypatch):
    path = tmp_path / "recipe.json"
    FULL.save(path)
    monkeypatch.setattr("pathlib.Path.write_text", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ss.Recipe(METHOD).save(path)
    monkeypatch.undo()
    assert ss.Recipe.load(path) == FULL
    assert list(tmp_path.iterdir()) == [path]


def test_labels_say_how_they_were_made():
    found = ss.Recipe.from_record(record())
    assert found == ss.Recipe(METHOD, ss.Slic(n_segments=30), precision="float32")
    cut = {**record(), "cut": {"n_segments": 3}}
    assert ss.Recipe.from_record(cut).segments == 3
    objects = {**record(), "objects": {"connected": True, "minimum_size": 9}}
    assert ss.Recipe.from_record(objects).objects == objects["objects"]


def test_an_iteration_somebody_chose_is_the_number_of_iterations():
    asked = {**record(), "iterations": 1, "shown": 1, "stop": {"kind": "asked", "sentence": ""}}
    assert ss.Recipe.from_record(asked).method.iterations == 1
    assert ss.Recipe.from_record({**record(), "shown": 1}).method.iterations == 1
    assert ss.Recipe.from_record({**record(), "shown": 0}).method.iterations == 1
    assert ss.Recipe.from_record({**record(), "stop": None}).method.iterations == 2


SCRIBBLES = np.zeros((20, 24), np.uint8)
SCRIBBLES[3:5, 3:9] = 1
MASK = np.arange(480).reshape(20, 24) > 50


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"edited": True}, "edited by hand"),
        ({"several": True}, "model of several images"),
        ({"scribbles": [SCRIBBLES]}, "scribbles, which were drawn for one image"),
        (
            {"cut": {"n_segments": 4, "scribbles": SCRIBBLES}},
            "scribbles, which were drawn for one image",
        ),
        ({"mask": [MASK]}, "that one image has no data"),
        ({"start": "abc"}, "learned before"),
        ({"superpixels": [SCRIBBLES]}, "superpixels came from a layer"),
        ({"method": None}, "superpixels, made without a method"),
    ],
)
def test_what_belongs_to_one_image_is_no_recipe(changes, words):
    with pytest.raises(ValueError, match=f"no recipe for other images: .*{words}"):
        ss.Recipe.from_record({**record(), **changes})


def test_labels_of_a_model_point_to_the_model():
    fit = ss.segment(picture(), METHOD, **HERE).fit
    with pytest.raises(ValueError, match="choose the file of the model"):
        ss.Recipe.from_record(ss.apply_fit(fit, picture(), device="cpu")[1])


def test_a_record_with_something_missing_is_said():
    for key in ("scribbles", "stop", "precision"):
        found = record()
        del found[key]
        with pytest.raises(ValueError, match="damaged or not complete"):
            ss.Recipe.from_record(found)
