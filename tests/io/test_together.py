"""All files of a result are there, or none: errors at any of them, and at any rename."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from napari_selfseg.io import DiskFullError, atomic_folder, written_together

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
NAMES = ("preview.png", "objects.csv", "labels.ome.zarr", "labels.tif")


def write(places):
    for place in places:
        if place.suffix == ".zarr":
            place.mkdir()
            (place / "zarr.json").write_text("new")
        else:
            place.write_text("new")


def older(folder):
    for name in NAMES:
        target = folder / name
        if target.suffix == ".zarr":
            target.mkdir()
            (target / "zarr.json").write_text("older")
            (target / "more").write_text("older")
        else:
            target.write_text("older")


def contents(folder):
    files = [each for each in folder.rglob("*") if each.is_file()]
    return {each.relative_to(folder).as_posix(): each.read_text() for each in files}


@pytest.mark.parametrize("before", [False, True])
def test_all_are_there_at_the_end_and_none_before(tmp_path, before):
    if before:
        older(tmp_path)
    was = contents(tmp_path)
    with written_together(*(tmp_path / name for name in NAMES)) as places:
        assert [place.name for place in places] == list(NAMES)
        write(places)
        assert {k: v for k, v in contents(tmp_path).items() if ".part" not in k} == was
    assert set(contents(tmp_path).values()) == {"new"}
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt(), ValueError("no")])
def test_an_error_while_writing_leaves_what_was(tmp_path, before, error):
    if before:
        older(tmp_path)
    was = contents(tmp_path)

    def fail():
        with written_together(*(tmp_path / name for name in NAMES)) as places:
            write(places[:-1])
            raise error

    with pytest.raises(type(error)):
        fail()
    assert contents(tmp_path) == was


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("number", range(4))
def test_a_rename_that_fails_takes_the_others_back(tmp_path, monkeypatch, before, number):
    if before:
        older(tmp_path)
    was = contents(tmp_path)
    replace = Path.replace

    def failing(self, target):
        if Path(target) == tmp_path / NAMES[number] and self.name != "older":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with (
        pytest.raises(OSError, match=r"^Cannot write .*labels\.tif: Input/output error"),
        written_together(*(tmp_path / name for name in NAMES)) as places,
    ):
        write(places)
    assert contents(tmp_path) == was


@pytest.mark.parametrize(
    ("before", "at"), [(False, k) for k in range(4)] + [(True, k) for k in range(8)]
)
def test_an_interrupt_right_after_a_rename_loses_nothing(tmp_path, monkeypatch, before, at):
    if before:
        older(tmp_path)
    was, renames = contents(tmp_path), []

    def interrupted(done):
        def then(self, target):
            found = done(self, target)
            renames.append(self)
            if len(renames) == at + 1:
                raise KeyboardInterrupt
            return found

        return then

    for name in ("replace", "rename", "hardlink_to"):
        monkeypatch.setattr(Path, name, interrupted(getattr(Path, name)))
    with (
        pytest.raises(KeyboardInterrupt),
        written_together(*(tmp_path / name for name in NAMES)) as places,
    ):
        write(places)
    assert contents(tmp_path) == was


@pytest.mark.parametrize("at", [0, 1])
def test_an_interrupt_while_a_folder_takes_the_place_of_another(tmp_path, monkeypatch, at):
    target = tmp_path / "labels.zarr"
    target.mkdir()
    (target / "older").write_text("older")
    was, left = contents(tmp_path), [at]

    def interrupted(done):
        def then(self, target):
            found = done(self, target)
            left[0] -= 1
            if left[0] == -1:
                raise KeyboardInterrupt
            return found

        return then

    for name in ("replace", "rename"):
        monkeypatch.setattr(Path, name, interrupted(getattr(Path, name)))
    with pytest.raises(KeyboardInterrupt), atomic_folder(target) as part:
        (part / "new").write_text("new")
    assert contents(tmp_path) == was


def test_what_was_not_written_takes_no_place(tmp_path):
    older(tmp_path)
    was = contents(tmp_path)
    with (
        pytest.raises(OSError, match="No such file"),
        written_together(*(tmp_path / name for name in NAMES)) as places,
    ):
        write(places[:-1])
    assert contents(tmp_path) == was


def test_a_full_disk_says_how_much_is_needed_and_free(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=40_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with (
        pytest.raises(DiskFullError) as caught,
        written_together(tmp_path / "a.csv", tmp_path / "l.tif", size=12_300_000),
    ):
        raise FULL
    said = str(caught.value)
    assert said.startswith(f"Cannot write {tmp_path / 'l.tif'}: No space left on device: 12.3 MB")
    assert f"40 kB are free in {tmp_path}" in said
    assert "Errno" not in said


def test_a_library_that_keeps_no_number_is_understood(tmp_path):
    with pytest.raises(DiskFullError), written_together(tmp_path / "l.tif"):
        raise OSError("Error while serializing: I/O error: No space left on device (os error 28)")


def test_a_folder_that_is_missing_is_said_of_the_result(tmp_path):
    with (
        pytest.raises(OSError, match=r"^Cannot write .*l\.tif: No such file or directory$"),
        written_together(tmp_path / "no" / "l.tif"),
    ):
        pass
