"""Names are unique, the public surface is pinned, and records lead back to labels."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import napari_selfseg as ss
from napari_selfseg import catalogue, record
from napari_selfseg.catalogue import METHODS, SUPERPIXELS, default_method, over_segment
from napari_selfseg.parameters import parse

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
PIXELS = ss.Backprop(iterations=3, channels=5, min_labels=1, variant="continuity")
SUPERPIXEL_CASES = [pytest.param(each, id=each.name) for each in SUPERPIXELS]


def picture(seed=0, shape=(20, 24)):
    return np.random.default_rng(seed).random(shape)


def plain(found):
    return record.loads(record.dumps(found))


def test_public_names_are_these():
    assert sorted(ss.__all__) == [
        "AsObjects",
        "AutomaticWatershed",
        "Backprop",
        "Batch",
        "CompactWatershed",
        "Consensus",
        "ConsensusSuperpixels",
        "ContourWatershed",
        "DIC",
        "DSC",
        "DeepCut",
        "Estimate",
        "Felzenszwalb",
        "Fit",
        "Hierarchy",
        "ImageFile",
        "LabelResult",
        "LineWatershed",
        "Lsc",
        "METHODS",
        "MeanShift",
        "Method",
        "Objects",
        "Parameters",
        "Patches",
        "Progress",
        "Quickshift",
        "Recipe",
        "Run",
        "SGSeg",
        "SUPERPIXELS",
        "Slic",
        "Spnn",
        "StackRun",
        "Step",
        "Stop",
        "Superpixels",
        "TileRun",
        "Trainer",
        "Work",
        "apply_edits",
        "apply_fit",
        "as_script",
        "check_image",
        "connected",
        "estimate",
        "evolve",
        "go_on",
        "in_pixels",
        "label",
        "load_fit",
        "merge_runs",
        "merged_small",
        "metrics",
        "object_features",
        "objects_of_segments",
        "over_segment",
        "over_stack",
        "over_tiles",
        "parameter",
        "read_image",
        "read_record",
        "replay",
        "replay_stack",
        "save_fit",
        "segment",
        "unpack",
        "watch",
        "write_labels",
        "write_objects",
    ]


@pytest.mark.parametrize("name", sorted(ss.__all__))
def test_public_names_are_there_and_documented(name):
    found = getattr(ss, name)
    assert name in dir(ss)
    assert isinstance(found, tuple) or inspect.getdoc(found)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = ss.nonsense


@pytest.mark.parametrize("classes", [METHODS, SUPERPIXELS])
def test_names_and_titles_are_unique(classes):
    assert isinstance(classes, tuple)
    for attribute in ("name", "title"):
        found = [getattr(each, attribute) for each in classes]
        assert len(found) == len(set(found))
        assert all(found)


@pytest.mark.parametrize("cls", [*METHODS, *SUPERPIXELS], ids=lambda cls: cls.name)
def test_every_class_is_public_and_found_by_its_name(cls):
    assert getattr(ss, cls.__name__) is cls
    known = METHODS if cls in METHODS else SUPERPIXELS
    assert parse(cls.name, known, "entry") == cls()
    for each in cls.declared():
        assert each.help.endswith(".")


def test_segment_takes_the_default_method(monkeypatch):
    assert isinstance(default_method(), METHODS)
    monkeypatch.setattr(catalogue, "default_method", lambda: PIXELS)
    run = ss.segment(picture(), **QUICK)
    assert run.method == PIXELS
    assert run.stopped.kind == "finished"


def test_segment_passes_its_options_on():
    mask = picture(1) > 0.3
    run = ss.segment(picture(), PIXELS, mask=mask, name="cells", **QUICK)
    np.testing.assert_array_equal(run.labels() > 0, mask)
    assert run.record()["images"][0]["name"] == "cells"


@pytest.mark.parametrize("cls", SUPERPIXEL_CASES)
def test_superpixels_alone_are_those_of_a_run(cls):
    mask = np.ones((20, 24), bool)
    mask[:5, :5] = False
    options = {"mask": mask, "spacing": (1, 2)}
    labels, found = over_segment(picture(), cls(), **options)
    run = ss.evolve(picture(), PIXELS.replace(variant="superpixels"), superpixels=cls(), **options)
    np.testing.assert_array_equal(labels, run.superpixels[0])
    np.testing.assert_array_equal(labels > 0, mask)
    np.testing.assert_array_equal(ss.replay(plain(found), picture()), labels)


def test_superpixels_of_an_unusable_image_are_refused():
    with pytest.raises(ValueError, match="constant"):
        over_segment(np.ones((4, 4)), ss.Slic())
    with pytest.raises(ValueError, match="has 3 spatial axes where 2"):
        over_segment(picture(shape=(4, 5, 6)), ss.Quickshift())


def test_replay_knows_the_image():
    found = plain(ss.segment(picture(), PIXELS, name="cells", **QUICK).record())
    with pytest.raises(ValueError, match=r"not the image of the record \(cells\): its content is"):
        ss.replay(found, picture(1))
    with pytest.raises(ValueError, match="its shape is"):
        ss.replay(found, picture()[1:])


@pytest.mark.parametrize("shape", [(20, 24), (13, 9)])
def test_several_images_replay_in_their_order(shape):
    images = [picture(0), picture(1, shape)]
    run = ss.segment(images, PIXELS, **QUICK)
    found = plain(run.record())
    np.testing.assert_array_equal(ss.replay(found, images), run.labels())
    with pytest.raises(ValueError, match="not the image of the record"):
        ss.replay(found, images[::-1])


@pytest.mark.parametrize("images", [picture(), [picture()], [picture()] * 3])
def test_replay_says_how_many_images_it_needs(images):
    run = ss.segment([picture(), picture()], PIXELS, **QUICK)
    with pytest.raises(ValueError, match="2 images"):
        ss.replay(plain(run.record()), images)


def test_replay_of_a_warm_start_says_what_is_missing():
    fit = ss.segment(picture(), PIXELS, **QUICK).fit
    run = ss.segment(picture(1), PIXELS, start=fit, **QUICK)
    with pytest.raises(ValueError, match="began from a fit that is not in the record: load"):
        ss.replay(plain(run.record()), picture(1))


@pytest.mark.parametrize(
    "change",
    [
        {"method": {"name": "magic"}},
        {"method": {"name": "backprop", "wand": 1}},
        {"method": "backprop"},
        {"superpixels": {"name": "magic"}},
        {"iterations": "many"},
        {"shown": 99},
        {"device": "quantum"},
        {"precision": "half"},
        {"spacing": [1]},
        {"images": []},
        {"images": [{}]},
        {"images": None},
        {"cut": {}},
        {"cut": {"n_segments": 0}},
        {"cut": {"n_segments": 4, "superpixels": {"name": "magic"}}},
    ],
    ids=json.dumps,
)
def test_a_record_that_was_tampered_with_is_refused(change):
    method = PIXELS.replace(variant="superpixels")
    run = ss.segment(picture(), method, superpixels=ss.Slic(n_segments=9), **QUICK)
    with pytest.raises(ValueError, match=r"\w"):
        ss.replay({**plain(run.record()), **change}, picture())


def test_labels_edited_by_hand_are_not_replayed():
    _, found = over_segment(picture(), ss.Slic(n_segments=9))
    with pytest.raises(ValueError, match="edited by hand: load the labels themselves"):
        ss.replay({**plain(found), "edited": True}, picture())


def test_labels_on_the_way_are_replayed_without_the_closing_step():
    method = ss.Backprop(iterations=6, channels=8, min_labels=1)
    run = ss.evolve(picture(), method, **{**QUICK, "precision": "bfloat16"})
    for step in run:
        if step.iteration == 3:
            break
    np.testing.assert_array_equal(ss.replay(plain(run.record()), picture()), run.labels())
    run.close()
    np.testing.assert_array_equal(ss.replay(plain(run.record()), picture()), run.labels())


CUT = {"iterations": 6, "channels": 8, "min_labels": 1}


def test_a_cut_is_replayed_and_differs_from_the_classes():
    run = ss.segment(picture(), ss.Backprop(**CUT), superpixels=ss.Slic(n_segments=40), **QUICK)
    found = plain(run.record(n_segments=7))
    assert found["cut"] == {"n_segments": 7}
    labels = ss.replay(found, picture())
    np.testing.assert_array_equal(labels, run.cut(7))
    assert labels.max() == 7
    assert (labels != run.labels()).any(), "test invalid"


def test_a_cut_of_a_run_without_superpixels_takes_those_of_its_record():
    mask = np.ones((20, 24), bool)
    mask[:5, :5] = False
    where = {"mask": mask, "spacing": (1, 2)}
    slic = ss.Slic(n_segments=25)
    run = ss.segment(picture(), ss.Backprop(**CUT, variant="continuity"), **where, **QUICK)
    found = plain(run.record(n_segments=5, superpixels=slic))
    assert found["cut"] == {"n_segments": 5, "superpixels": slic.as_dict()}
    pieces, _ = over_segment(picture(), slic, **where)
    expected = run.hierarchy(superpixels=pieces).cut(5)
    np.testing.assert_array_equal(ss.replay(found, picture()), expected)
    np.testing.assert_array_equal(expected > 0, mask)
    with pytest.raises(ValueError, match="pass some, such as"):
        ss.replay({**found, "cut": {"n_segments": 5}}, picture())


def test_a_cut_of_several_images_is_that_of_the_first():
    images, slic = [picture(0), picture(1, (13, 9))], ss.Slic(n_segments=25)
    run = ss.segment(images, ss.Backprop(**CUT, variant="continuity"), **QUICK)
    found = plain(run.record(n_segments=5, superpixels=slic))
    pieces, _ = over_segment(images[0], slic)
    expected = run.hierarchy(superpixels=pieces).cut(5)
    np.testing.assert_array_equal(ss.replay(found, images), expected)


def test_a_cut_on_the_way_counts_the_iterations_up_to_it():
    slic = ss.Slic(n_segments=40)
    run = ss.evolve(picture(), ss.Backprop(**CUT), superpixels=slic, **QUICK)
    next(step for step in run if step.iteration == 3)
    found, expected = plain(run.record(n_segments=6)), run.cut(6)
    np.testing.assert_array_equal(ss.replay(found, picture()), expected)
    assert (run.finish().cut(6) != expected).any(), "test invalid"


def test_a_record_of_a_cut_of_one_iteration_is_refused():
    run = ss.segment(picture(), PIXELS, **QUICK)
    with pytest.raises(ValueError, match="A cut is of all iterations"):
        run.record(2, n_segments=4)


def test_labels_given_as_superpixels_are_kept_in_the_record():
    labels, found = over_segment(picture(), np.full((20, 24), 3))
    assert (labels == 1).all()
    labels[0, 0] = 7
    assert (found["superpixels"][0] == 1).all()
    assert (ss.replay(plain(found), picture()) == 1).all()


def test_what_pages_call_is_there():
    root = Path(__file__).parents[1]
    pages = [root / "README.md", *root.glob("docs/*.md"), *root.glob("docs/*.ipynb")]
    pages += root.glob("src/napari_selfseg/pages/*.md")
    # The package by its usual name, and no file ending such as ss.py.
    called = {
        (page.name, name)
        for page in pages
        for name in re.findall(r"\bss\.([A-Za-z_]+)(?=[(.]|\b\s*\()", page.read_text("utf-8"))
    }
    assert ("consensus.md", "merge_runs") in called, "test invalid"
    assert not {(page, name) for page, name in called if not hasattr(ss, name)}


def test_what_pages_import_is_there():
    root = Path(__file__).parents[1]
    pages = [root / "README.md", *root.glob("docs/*.md"), *root.glob("src/**/pages/*.md")]
    imported = {
        (page.name, module, name)
        for page in pages
        for module, names in re.findall(
            r"^\s*from (napari_selfseg[\w.]*) import ([\w, ]+)$", page.read_text("utf-8"), re.M
        )
        for name in names.split(", ")
    }
    # The page itself says to write this module.
    imported.remove(("extending.md", "napari_selfseg.consensus._sources._edges", "EDGES"))
    assert ("large.md", "napari_selfseg.scale", "fit_samples") in imported, "test invalid"
    for page, module, name in imported:
        found = importlib.import_module(module)
        assert hasattr(found, name) or find_spec(f"{module}.{name}"), f"{page}: {module} {name}"


def test_methods_and_superpixels_are_called_by_name():
    image = picture()
    by_name = ss.segment(image, "backprop:iterations=2", superpixels="patches:size=5", **QUICK)
    by_class = ss.segment(image, ss.Backprop(iterations=2), superpixels=ss.Patches(size=5), **QUICK)
    assert by_name.record() | {"ways": {}} == by_class.record() | {"ways": {}}
    assert by_name.labels().max() > 1
    np.testing.assert_array_equal(by_name.labels(), by_class.labels())
    np.testing.assert_array_equal(
        over_segment(image, "patches:size=5")[0], over_segment(image, ss.Patches(size=5))[0]
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"method": "objekts"}, "There is no method 'objekts'; known are consensus, objects"),
        (
            {"method": ss.Objects},
            r"Objects is a class: give a method with parameters, as",
        ),
        ({"method": 7}, "7 is no method: give one with its parameters, such as Backprop"),
        ({"method": "backprop", "superpixels": "slik"}, "There is no superpixel algorithm 'slik'"),
        ({"method": "backprop", "superpixels": ss.Slic}, "Slic is a class: give superpixels with"),
    ],
)
def test_what_is_no_method_or_superpixels_is_refused_in_a_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        ss.segment(picture(), **given, **QUICK)
    if "superpixels" in given:
        with pytest.raises(ValueError, match=sentence):
            over_segment(picture(), given["superpixels"])
