"""Fits in files: they predict the same again, and no file runs code."""

from __future__ import annotations

import json
import os
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import napari_selfseg as ss
from napari_selfseg.io import read_progress, save_fit

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
HERE = {"device": "cpu", "threads": 1}
METHOD = ss.Backprop(iterations=3, channels=5, min_labels=1, variant="continuity")
IMAGE = np.random.default_rng(0).random((12, 14, 2))


@pytest.fixture(scope="module")
def fit():
    return ss.segment(IMAGE, METHOD, channel_axis=-1, **QUICK).fit


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.safetensors"


def test_a_loaded_fit_is_the_saved_one(fit, path):
    ss.save_fit(fit, path)
    again = ss.load_fit(str(path))
    assert again.method == fit.method
    assert again.scaling == fit.scaling
    assert again.classes == fit.classes
    assert (again.in_channels, again.ndim, again.reach) == (2, 2, fit.reach)
    assert again.weights.keys() == fit.weights.keys()
    other = np.random.default_rng(1).random((9, 11, 2))
    for image in (IMAGE, other):
        np.testing.assert_array_equal(
            again.predict(image, channel_axis=-1, **HERE),
            fit.predict(image, channel_axis=-1, **HERE),
        )


def test_a_fit_of_volumes(path):
    volume = np.random.default_rng(0).random((4, 6, 5))
    run = ss.segment(volume, METHOD, **QUICK)
    ss.save_fit(run.fit, path)
    np.testing.assert_array_equal(ss.load_fit(path).predict(volume, **HERE), run.labels())


def test_a_loaded_fit_starts_a_run(fit, path):
    ss.save_fit(fit, path)
    runs = [
        ss.segment(IMAGE, METHOD, start=each, channel_axis=-1, **QUICK)
        for each in (fit, ss.load_fit(path))
    ]
    np.testing.assert_array_equal(runs[0].labels(), runs[1].labels())
    assert runs[0].record()["start"] == runs[1].record()["start"]


def test_names_that_cannot_be_written(fit, tmp_path):
    with pytest.raises(ValueError, match=r"a\.pt must end in \.safetensors"):
        ss.save_fit(fit, tmp_path / "a.pt")
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        ss.save_fit(fit, tmp_path / "none" / "a.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_the_older_file(fit, path, monkeypatch):
    ss.save_fit(fit, path)
    before = path.read_bytes()

    def interrupted(weights, part, metadata):
        part.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_selfseg.io._fits.save_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ss.save_fit(fit, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_file_is_a_sentence(path):
    with pytest.raises(FileNotFoundError, match=r"There is no file .*a\.safetensors\."):
        ss.load_fit(path)


@pytest.mark.parametrize("share", [0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(fit, path, share):
    ss.save_fit(fit, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"^a\.safetensors cannot be read as a fit: ."):
        ss.load_fit(path)


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize(
    "write", [torch.save, lambda trap, path: path.write_bytes(pickle.dumps(trap))]
)
def test_a_pickle_is_refused_and_not_run(path, tmp_path, write):
    trap = tmp_path / "sprung"
    write(Trap(trap), path)
    with pytest.raises(ValueError, match="cannot be read as a fit"):
        ss.load_fit(path)
    assert not trap.exists()
    pickle.loads(pickle.dumps(Trap(trap)))
    assert trap.exists(), "test invalid"


def test_weights_of_others_are_refused(path):
    for metadata in (None, {"format": "pt"}):
        save_file({"a": torch.ones(2)}, path, metadata=metadata)
        with pytest.raises(ValueError, match=r"^a\.safetensors is not a fit of napari-selfseg: ."):
            ss.load_fit(path)


HOSTILE = [
    "[]",
    "5",
    "null",
    '"words"',
    "{",
    "[" * 100_000,
    {"method": {"name": "magic"}},
    {"method": {"name": "backprop", "channels": "5; import os"}},
    {"method": {"name": "backprop", "wand": 1}},
    {"method": []},
    {"method": None},
    {"in_channels": 3},
    {"in_channels": -1},
    {"in_channels": 10**15},
    {"in_channels": 10**40},
    {"in_channels": float("inf")},
    {"in_channels": None},
    {"ndim": 3},
    {"ndim": 0},
    {"ndim": -1},
    {"ndim": 1000},
    {"classes": None},
    {"classes": ["a"]},
    {"classes": [float("inf")]},
    {"scaling": {}},
    {"scaling": None},
    {"scaling": {"low": [0], "high": [1], "fill": [0.5]}},
    {"scaling": {"low": [0] * 3, "high": [1] * 3, "fill": [0.5] * 3}},
    {"scaling": {"low": [0, 0], "high": [1, float("nan")], "fill": [0.5, 0.5]}},
    {"scaling": {"low": [0, 1], "high": [1, 1], "fill": [0.5, 0.5]}},
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: str(hostile)[:40])
def test_hostile_metadata_is_refused_in_a_sentence(fit, path, hostile):
    meaning = {
        "method": fit.method.as_dict(),
        "in_channels": 2,
        "ndim": 2,
        "scaling": {"low": [0, 0], "high": [1, 1], "fill": [0.5, 0.5]},
        "classes": [1, 2],
    }
    save_file(dict(fit.weights), path, metadata={"napari-selfseg": json.dumps(meaning)})
    assert ss.load_fit(path).classes == (1, 2), "test invalid"
    text = hostile if isinstance(hostile, str) else json.dumps({**meaning, **hostile})
    save_file(dict(fit.weights), path, metadata={"napari-selfseg": text})
    with pytest.raises(
        ValueError, match=r"^a\.safetensors (is not|cannot be read as) a fit.*: ."
    ) as error:
        ss.load_fit(path)
    assert "\n" not in str(error.value)


def test_weights_that_do_not_fit_are_refused(fit, path):
    ss.save_fit(fit, path)
    meaning = json.dumps(
        {
            "method": fit.method.as_dict(),
            "in_channels": 2,
            "ndim": 2,
            "scaling": {"low": [0, 0], "high": [1, 1], "fill": [0.5, 0.5]},
            "classes": [1],
        }
    )
    name = next(iter(fit.weights))
    for weights in (
        {**fit.weights, "more": torch.ones(1)},
        {key: each for key, each in fit.weights.items() if key != name},
        {**fit.weights, name: torch.ones(3)},
    ):
        save_file(weights, path, metadata={"napari-selfseg": meaning})
        with pytest.raises(ValueError, match=r"^a\.safetensors is not a fit of napari-selfseg: "):
            ss.load_fit(path)


def test_a_fit_says_how_many_iterations_it_has_had(fit, path):
    ss.save_fit(fit, path)
    assert read_progress(path) == fit.method.iterations
    save_fit(fit, path, done=2)
    assert read_progress(path) == 2


@pytest.mark.parametrize("done", [None, -1, "3"])
def test_a_damaged_count_of_iterations_is_refused(fit, path, done):
    meaning = json.dumps({"done": done})
    save_file(dict(fit.weights), path, metadata={"napari-selfseg": meaning})
    with pytest.raises(ValueError, match="does not say how many iterations"):
        read_progress(path)
    save_file(dict(fit.weights), path, metadata={"napari-selfseg": "null"})
    with pytest.raises(ValueError, match="does not say how many iterations"):
        read_progress(path)
