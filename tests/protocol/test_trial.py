"""Trials on small pictures: what they are made of; how long things take is not asserted."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

import napari_selfseg as ss
from napari_selfseg.catalogue import METHODS
from napari_selfseg.protocol import GIVEN, Question, Spent, Trials, Unwanted
from napari_selfseg.protocol._estimates import _kept_trials as kept_trials
from napari_selfseg.protocol._estimates import _trial as trial
from napari_selfseg.protocol._estimates._test_picture import blocks, mask, picture, scribbles

SMALL = {
    "backprop": {"channels": 5},
    "consensus": {"networks": "both", "channels": 4, "seeds": 1, "iterations": 12},
    "objects": {"width": 4},
    "dic": {"width": 3, "n_clusters": 4, "n_centres": 3},
    "dsc": {"width": 3, "partitions": 3, "crop_size": 16, "batch_size": 1},
    "deepcut": {"n_clusters": 3},
    "sgseg": {"width": 2, "classes": 3, "patch_size": 16, "n_superpixels": 9},
}
HERE = {"device": "cpu", "precision": "float32", "threads": 1}


@pytest.mark.parametrize("cls", METHODS, ids=lambda cls: cls.name)
def test_every_method_is_tried_in_all_its_parts(cls):
    method = cls(**SMALL[cls.name])
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    found = trial.made(Question(method, 2, (24, 20), **HERE))
    assert found.shape == (24, 20), "no larger than the image"
    assert len(found.updates) == len(method.parts())
    # So small a picture shows no object to learn from.
    updates = () if method.instances else found.updates
    for spent in (found.prepare, found.begin, *updates, found.end, found.predict):
        assert 0 < spent.wall <= spent.processor
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    "more",
    [
        {"masked": True},
        {"scribbled": True},
        {"superpixels": GIVEN},
        {"superpixels": ss.superpixels.Patches()},
        {"shape": (9, 12, 10)},
        {"precision": "bfloat16"},
    ],
    ids=lambda more: "-".join(more),
)
def test_what_is_given_is_tried_with(more):
    asked = {"shape": (20, 24), "in_channels": 1, **HERE, **more}
    assert trial.made(Question(ss.Backprop(channels=4), **asked)).updates[0].wall > 0


def test_a_trial_that_nobody_waits_for_is_broken_off():
    asked = []

    def wanted():
        asked.append(len(asked))
        return len(asked) < 3

    question = Question(ss.Backprop(channels=4), 1, (20, 24), wanted=wanted, **HERE)
    with pytest.raises(Unwanted):
        trial.made(question)
    assert asked == [0, 1, 2], "in every step, and no more after that"


def test_a_picture_is_tried_that_takes_long_enough(monkeypatch):
    tried = []

    def timed(question, shape):
        tried.append(shape)
        seconds = Spent(*[np.prod(shape) / 200**2] * 2)
        none = Spent()
        return trial.Trial(shape, none, none, (seconds,), none, none)

    monkeypatch.setattr(trial, "_on_picture", timed)
    found = trial.made(Question(ss.Backprop(), 3, (1000, 1000)))
    assert tried == [(32, 32), (64, 64), (128, 128), (256, 256)]
    assert found.shape == (256, 256)
    assert found.smaller.shape == (128, 128)
    assert found.smaller.smaller is None
    tried.clear()
    trial.made(Question(ss.Backprop(), 3, (100, 1000)))
    assert tried[-1] == (100, 256)


def test_where_others_are_at_work_one_thread_is_timed(monkeypatch):
    def timed(question, shape):
        seconds = Spent(1.0, 1.0) if question.threads == 1 else Spent(9.0, 9.0)
        none, disturbed = Spent(), question.threads != 1
        return trial.Trial(shape, none, none, (seconds,), none, none, disturbed)

    monkeypatch.setattr(trial, "_on_picture", timed)
    found = trial.made(Question(ss.Backprop(), 3, (64, 64), threads=4))
    assert 1 / 4 < found.updates[0].wall < 1 / 2
    assert found.updates[0].processor == 1
    assert found.disturbed


def test_pictures_have_something_of_every_size():
    for shape in ((60, 70), (12, 14, 16)):
        found = picture(shape, 2)
        assert found.shape == (*shape, 2)
        assert np.array_equal(found, picture(shape, 2)), "the same every time"
        assert blocks(shape).shape == shape
        assert blocks(shape).min() == 1
        assert 0 < mask(shape).mean() < 1
        assert set(np.unique(scribbles(shape))) == {0, 1, 2}


@pytest.fixture
def answers(monkeypatch):
    """Count what is tried, and answer with numbers."""
    tried = []

    def made(question):
        tried.append(question)
        spent = Spent(len(tried) / 8, 1.0)
        return trial.Trial((8, 8), spent, spent, (spent,), spent, spent)

    monkeypatch.setattr(kept_trials, "made", made)
    return tried


QUESTION = Question(ss.Backprop(), 3, (900, 900), **HERE)


def test_what_was_tried_is_kept_for_other_processes(tmp_path, answers):
    folder = tmp_path / "not there yet"
    first = Trials(folder)(QUESTION)
    assert Trials(folder)(QUESTION) == first
    assert len(answers) == 1
    file = next(iter(folder.iterdir()))
    assert json.loads(file.read_text())["question"]["method"]["name"] == "backprop"
    assert len(list(folder.iterdir())) == 1, "no temporary files"


@pytest.mark.parametrize("method", [ss.Backprop(iterations=7, seed=5, learning_rate=0.3)])
def test_what_does_not_matter_is_not_tried_again(tmp_path, answers, method):
    known = Trials(tmp_path)
    known(QUESTION)
    known(dataclasses.replace(QUESTION, method=method, shape=(5000, 300)))
    assert len(answers) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"method": ss.Backprop(channels=30)},
        {"method": ss.DIC()},
        {"threads": 2},
        {"precision": "bfloat16"},
        {"masked": True},
        {"in_channels": 1},
        {"superpixels": ss.superpixels.Felzenszwalb()},
        {"shape": (90, 900)},
    ],
    ids=lambda other: "-".join(other),
)
def test_what_matters_is_tried_anew(tmp_path, answers, other):
    known = Trials(tmp_path)
    known(QUESTION)
    known(dataclasses.replace(QUESTION, **other))
    assert len(answers) == 2


def test_other_instructions_are_tried_anew(tmp_path, answers, monkeypatch):
    Trials(tmp_path)(QUESTION)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    Trials(tmp_path)(QUESTION)
    assert len(answers) == 2


@pytest.mark.parametrize(
    "content", [b"", b"{not json", b"[]", b'{"trial": 3}', b"\xff\x00", b"null"]
)
def test_a_damaged_file_is_as_good_as_none(tmp_path, answers, content):
    Trials(tmp_path)(QUESTION)
    file = next(iter(tmp_path.iterdir()))
    file.write_bytes(content)
    assert Trials(tmp_path)(QUESTION).prepare.wall == 2 / 8
    assert Trials(tmp_path)(QUESTION).prepare.wall == 2 / 8, "mended"
    assert len(answers) == 2


def test_where_nothing_can_be_written_it_is_remembered(tmp_path, answers):
    (tmp_path / "file").write_text("")
    known = Trials(tmp_path / "file" / "trials")
    assert known(QUESTION) == known(QUESTION)
    assert len(answers) == 1


def test_what_others_disturbed_is_not_kept(tmp_path, monkeypatch):
    def made(question):
        return trial.Trial((8, 8), Spent(), Spent(), (Spent(),), Spent(), Spent(), disturbed=True)

    monkeypatch.setattr(kept_trials, "made", made)
    Trials(tmp_path)(QUESTION)
    assert not list(tmp_path.iterdir())
