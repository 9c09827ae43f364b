"""Temporary folders of docks: those of processes that were killed do not stay."""

from __future__ import annotations

import subprocess
import sys
import tempfile

from napari_selfseg.io import owner_mark
from napari_selfseg.widgets.canvas.temporary_folder import FOLDER, Lease


def test_the_next_folder_removes_those_of_the_dead(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-S", "-c", ""])
    dead.wait()
    machine, _, begun = owner_mark().split("-")
    left, other = (
        tmp_path / f"{FOLDER}{name}-x1" for name in (f"{machine}-{dead.pid:x}-1", "mine")
    )
    for each in (left, other):
        (each / "labels.ome.zarr").mkdir(parents=True)
    first, second = Lease(), Lease()
    assert first.folder.is_dir()
    assert second.folder.is_dir()
    assert other.is_dir()
    assert not left.exists()
    assert begun in first.folder.name
