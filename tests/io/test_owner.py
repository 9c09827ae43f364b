"""What killed processes leave is removed by the next one, and nothing of the living."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from napari_selfseg.io import (
    TakenError,
    alone,
    atomic_file,
    atomic_folder,
    claimed,
    is_abandoned,
    owner_mark,
    sweep,
)
from napari_selfseg.io._writing import _owner


def names(folder):
    return sorted(each.name for each in folder.iterdir())


def of(pid, begun=0, machine=None):
    """The mark of another process."""
    return f"{machine or _owner._machine()}-{pid:x}-{begun:x}"


def gone():
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture(scope="module")
def dead():
    return of(gone())


def test_files_of_the_dead_go_and_those_of_the_living_stay(tmp_path, dead):
    mine, parents = f".a-{owner_mark()}-x1_.part", f".a-{living(os.getppid())}-x1.part"
    for name in (f".a.b-{dead}-abc_1.part", mine, parents, ".a-12345678.part", "a.tif", "b.part"):
        (tmp_path / name).write_text("x")
    (tmp_path / f".c-{dead}-abc.part" / "c.zarr").mkdir(parents=True)
    sweep(tmp_path)
    assert names(tmp_path) == sorted([mine, parents, ".a-12345678.part", "a.tif", "b.part"])


def living(pid):
    import psutil

    return of(pid, int(psutil.Process(pid).create_time()))


def test_a_process_with_the_number_of_a_dead_one_is_another(tmp_path):
    name = f".a-{of(os.getpid(), begun=1)}-x.part"
    (tmp_path / name).write_text("x")
    assert is_abandoned(tmp_path / name)


def test_files_of_other_machines_go_when_they_are_old(tmp_path):
    new, old = (tmp_path / f".{name}-{of(1, machine='00000000')}-x.part" for name in "no")
    for each in (new, old):
        each.write_text("x")
    begun = tmp_path / f".z-{of(1, machine='00000000')}-x.part"
    (begun / "z.zarr").mkdir(parents=True)
    day_before = time.time() - _owner.OLD - 10
    for each in (old, begun):
        os.utime(each, (day_before, day_before))
    assert not is_abandoned(old, elsewhere=False)
    sweep(tmp_path)
    # Something was written into the folder since.
    assert names(tmp_path) == sorted([new.name, begun.name])


@pytest.mark.parametrize("older", [False, True])
def test_an_exchange_that_was_killed_is_finished(tmp_path, dead, older):
    part = tmp_path / f".l-{dead}-x.part"
    (part / "l.zarr").mkdir(parents=True)
    (part / "l.zarr" / "new").touch()
    if older:
        (part / "older").mkdir()
    sweep(tmp_path)
    assert names(tmp_path) == (["l.zarr"] if older else [])


def test_a_long_name_is_written(tmp_path):
    target = tmp_path / ("a" * 240 + ".tif")
    with atomic_file(target) as part:
        part.write_text("x")
    with atomic_folder(tmp_path / ("b" * 240)):
        pass
    with atomic_file(tmp_path / ("\N{HIRAGANA LETTER A}" * 80 + ".tif")) as part:
        part.write_text("x")
    assert len(names(tmp_path)) == 3


def test_a_missing_folder_has_nothing_to_sweep(tmp_path):
    sweep(tmp_path / "none")


def test_one_at_a_time(tmp_path):
    target = tmp_path / "a.tif"
    refused = pytest.raises(TakenError, match=r"a\.tif is being written by another process: wait")
    with alone(target):
        with refused, alone(target):
            pass
        with alone(tmp_path / "b.tif"):
            pass
    with alone(target):
        pass
    assert names(tmp_path) == []


HOLD = """
import sys, time, filelock
lock = filelock.FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_the_claim_of_a_killed_process_is_free(tmp_path):
    path = tmp_path / ".a.tif.claim"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with claimed(path) as held:
            assert not held
        process.kill()
    assert names(tmp_path) == [path.name]
    with alone(tmp_path / "b.tif"):
        assert names(tmp_path) == [".b.tif.claim"]
    assert names(tmp_path) == []
