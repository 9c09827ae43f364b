"""Loops are compiled when they are first needed, and kept."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from napari_selfseg.compiled import compiled, while_compiling
from napari_selfseg.scale._estimates._trial_tile import _timed

SCRIPT = """
import sys
from napari_selfseg.compiled import compiled

@compiled
def half(n: int) -> int:
    return n // 2

@compiled
def halvings(n: int) -> int:
    count = 0
    while n > 1:
        n = half(n)
        count += 1
    return count

assert "numba" not in sys.modules
print(halvings(1024))
print(sum(halvings._dispatcher.stats.cache_hits.values()))
"""


def run(folder, **environment) -> list[str]:
    done = subprocess.run(
        [sys.executable, folder / "script.py"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.fixture
def script(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


def test_the_next_process_finds_the_code_of_the_first(script):
    cache = str(script / "cache")
    assert run(script, NUMBA_CACHE_DIR=cache) == ["10", "0"]
    assert run(script, NUMBA_CACHE_DIR=cache) == ["10", "1"]


@pytest.mark.skipif(os.name == "nt", reason="folders are locked otherwise")
def test_no_folder_to_keep_the_code_in_is_no_error(script):
    blocked = script / "file"
    blocked.write_text("")
    (script / "__pycache__").write_text("")
    nowhere = {"NUMBA_CACHE_DIR": str(blocked / "cache"), "XDG_CACHE_HOME": str(blocked)}
    assert run(script, HOME=str(blocked), **nowhere) == ["10", "0"]


def test_a_full_disk_is_no_error(monkeypatch, tmp_path):
    from numba.core import caching

    def full(*args: object) -> None:
        full.calls += 1
        raise OSError(errno.ENOSPC, "No space left on device")

    full.calls = 0
    monkeypatch.setattr(caching.Cache, "save_overload", full)

    @compiled
    def add(a, n):
        a[0] += n

    @compiled
    def add_twice(a, n):
        add(a, n)
        add(a, n)

    total = np.zeros(1, dtype=np.int64)
    add_twice(total, 3)
    assert total[0] == 6
    assert full.calls == 2


def test_a_trial_leaves_out_what_is_compiled_once():
    with while_compiling() as compiling:
        assert compiling() == 0
        with _timed() as trial:
            assert numba.njit(lambda n: n + 1)(1) == 2
        assert 0 <= trial.seconds < compiling()
