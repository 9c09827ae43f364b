from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from napari_selfseg.widgets.model.kept import presets
from napari_selfseg.widgets.model.kept.presets import Presets, default_path

VALUES = {"channels": 32, "momentum": 0.9, "variant": "continuity", "adaptive": True}


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "config" / "presets.json"


@pytest.fixture
def saved(path) -> Presets:
    made = Presets(path)
    made.save("backprop", "Tissue", VALUES)
    return made


def test_without_a_file_there_are_none(path):
    assert Presets(path).names("backprop") == ()
    assert not path.exists()


def test_what_is_saved_is_loaded_by_another_window(saved, path):
    other = Presets(path)
    assert other.load("backprop", "Tissue") == VALUES
    assert other.names("backprop") == ("Tissue",)
    assert other.names("slic") == ()


def test_windows_keep_each_others_presets(saved, path):
    other = Presets(path)
    other.save("backprop", "aerial", {"channels": 8})
    saved.save("slic", "Coarse", {"n_segments": 100})
    assert other.names("backprop") == saved.names("backprop") == ("aerial", "Tissue")
    assert other.names("slic") == ("Coarse",)


def test_saving_again_replaces(saved):
    saved.save("backprop", " Tissue ", {"channels": 4})
    assert saved.names("backprop") == ("Tissue",)
    assert saved.load("backprop", "Tissue") == {"channels": 4}


def test_parameters_of_another_version_are_given_back_as_they_are(saved):
    saved.save("backprop", "Old", {"forgotten": [1, None]})
    assert saved.load("backprop", "Old") == {"forgotten": [1, None]}


def test_removing(saved):
    saved.save("backprop", "Other", {})
    saved.remove("backprop", "Tissue")
    assert saved.names("backprop") == ("Other",)


@pytest.mark.parametrize("act", [Presets.load, Presets.remove])
@pytest.mark.parametrize(("kind", "name"), [("backprop", "Gone"), ("slic", "Tissue")])
def test_what_is_not_there_is_said(saved, act, kind, name):
    with pytest.raises(ValueError, match=f"There is no preset '{name}' any more."):
        act(saved, kind, name)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Give the preset a name"),
        (" \n", "Give the preset a name"),
        ("two\nlines", "single line"),
        ("two\u2028lines", "single line"),
        ("x" * 61, "at most 60 characters, not 61"),
    ],
)
def test_bad_names_are_refused(saved, path, name, sentence):
    before = path.read_bytes()
    with pytest.raises(ValueError, match=sentence):
        saved.save("backprop", name, VALUES)
    assert path.read_bytes() == before


def test_long_and_foreign_names_are_kept(saved):
    for name in ("x" * 60, "Gewebe, grün", "组织", "__proto__", "a/b\\c"):
        saved.save("backprop", name, VALUES)
        assert saved.load("backprop", name) == VALUES


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"backprop": 3}',
        b'{"backprop": {"Tissue": 3}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_named_and_never_overwritten(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    damaged = Presets(path)
    for act in (
        lambda: damaged.names("backprop"),
        lambda: damaged.load("backprop", "Tissue"),
        lambda: damaged.save("backprop", "Tissue", VALUES),
        lambda: damaged.remove("backprop", "Tissue"),
    ):
        with pytest.raises(ValueError, match="is damaged: correct it, or move it away") as told:
            act()
        assert str(path) in str(told.value)
    assert path.read_bytes() == content


def test_what_json_cannot_hold_leaves_the_file(saved, path):
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        saved.save("backprop", "Bad", {"weight": float("nan")})
    assert path.read_bytes() == before


def test_a_write_that_fails_leaves_the_file_and_nothing_else(saved, path, monkeypatch):
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ValueError, match=r"cannot be saved in .*: No space left on device\."):
        saved.save("backprop", "Other", VALUES)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    blocked = Presets(tmp_path / "file" / "presets.json")
    with pytest.raises(ValueError, match=r"presets\.json cannot be read: "):
        blocked.save("backprop", "Tissue", VALUES)


def test_a_file_that_cannot_be_read_is_said(path):
    path.mkdir(parents=True)
    with pytest.raises(ValueError, match=r"presets\.json cannot be read: "):
        Presets(path).names("backprop")


def test_readers_never_see_half_a_file(saved, path):
    long = {f"parameter_{i}": i for i in range(2000)}
    done = threading.Event()

    def write() -> None:
        for _ in range(30):
            saved.save("backprop", "Long", long)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    looks = 0
    while not done.is_set():
        assert "Tissue" in Presets(path).names("backprop")
        looks += 1
    writer.join()
    assert looks > 1


def test_the_default_file_is_the_users(monkeypatch):
    monkeypatch.setattr(presets, "user_config_dir", lambda name, appauthor: f"/home/me/{name}")
    assert default_path() == Path("/home/me/napari-selfseg/presets.json")
