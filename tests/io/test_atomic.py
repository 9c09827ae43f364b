"""A file is whole or not there, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from napari_selfseg.io import atomic_file, check_target


def names(folder):
    return sorted(each.name for each in folder.iterdir())


def test_the_name_appears_when_all_is_written(tmp_path):
    with atomic_file(tmp_path / "a.tif") as part:
        part.write_bytes(b"half")
        assert not (tmp_path / "a.tif").exists()
        assert part.parent == tmp_path
        part.write_bytes(b"whole")
    assert names(tmp_path) == ["a.tif"]
    assert (tmp_path / "a.tif").read_bytes() == b"whole"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(1)])
@pytest.mark.parametrize("older", [None, b"older"])
def test_an_error_leaves_everything_as_it_was(tmp_path, error, older):
    target = tmp_path / "a.tif"
    if older:
        target.write_bytes(older)

    def write():
        with atomic_file(target) as part:
            part.write_bytes(b"half")
            raise error

    with pytest.raises(type(error)) as caught:
        write()
    assert caught.value is error
    assert names(tmp_path) == (["a.tif"] if older else [])
    assert not older or target.read_bytes() == older


def test_a_full_disk_is_a_sentence(tmp_path):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write():
        with atomic_file(tmp_path / "a.tif"):
            raise full

    with pytest.raises(
        OSError,
        match=r"^Cannot write .*a\.tif: No space left on device: .* free in .*; free some space",
    ):
        write()
    assert names(tmp_path) == []


@pytest.mark.parametrize("step", ["mkstemp", "replace", "chmod"])
def test_a_failure_of_any_step_leaves_nothing(tmp_path, step, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(*(("tempfile.mkstemp", fail) if step == "mkstemp" else (Path, step, fail)))

    def write():
        with atomic_file(tmp_path / "a.tif") as part:
            part.write_bytes(b"whole")

    with pytest.raises(OSError, match=r"^Cannot write .*a\.tif: Input/output error$"):
        write()
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_the_file_gets_what_the_umask_allows(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_file(tmp_path / "a.tif") as part:
            part.write_bytes(b"whole")
        assert (tmp_path / "a.tif").stat().st_mode & 0o777 == 0o640
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)


def test_a_name_that_can_be_written_is_taken(tmp_path):
    for name in ("a.tif", "a.b.TIF"):
        assert check_target(str(tmp_path / name), (".tif",)) == tmp_path / name
    assert names(tmp_path) == []


def test_names_that_cannot_be_written_are_refused_in_a_sentence(tmp_path):
    (tmp_path / "folder.tif").mkdir()
    for name, error, sentence in (
        ("a.png", ValueError, r"^a\.png must end in \.tif or \.tiff\.$"),
        ("a", ValueError, r"^a must end in \.tif or \.tiff\.$"),
        ("folder.tif", IsADirectoryError, r"folder\.tif is a folder: name a file in it\.$"),
        ("none/a.tif", FileNotFoundError, r"^There is no folder .*none to write a\.tif into\.$"),
    ):
        with pytest.raises(error, match=sentence):
            check_target(tmp_path / name, (".tif", ".tiff"))


def test_a_folder_that_may_not_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match="Nothing can be written into the folder"):
        check_target(tmp_path / "a.tif", (".tif",))
