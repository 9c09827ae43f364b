"""The memory that is there: of the computer, or what a container leaves of it."""

from __future__ import annotations

import sys

import psutil
import pytest

from napari_selfseg.protocol._given import _limits as limits


def group(folder, limit, used, cached=0, version=2):
    """Write what Linux says of a control group."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.max", "memory.current", "inactive_file")
    if version == 1:
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    for name, value in zip(names, (limit, used), strict=False):
        (folder / name).write_text(f"{value}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {cached}\n")


def left(tmp_path, line):
    told = tmp_path / "cgroup"
    told.write_text(line)
    return list(limits._groups(tmp_path / "fs", told))


def test_a_container_sees_its_limit_at_the_root(tmp_path):
    group(tmp_path / "fs", 1000, 700, cached=100)
    assert left(tmp_path, "0::/\n") == [400]


def test_groups_around_count_as_well(tmp_path):
    group(tmp_path / "fs" / "jobs", 5000, 4900)
    group(tmp_path / "fs" / "jobs" / "mine", "max", 10)
    assert left(tmp_path, "0::/jobs/mine\n") == [100]


def test_version_1_has_other_names(tmp_path):
    group(tmp_path / "fs" / "memory" / "docker", 900, 200, cached=50, version=1)
    assert left(tmp_path, "5:cpu:/docker\n4:memory:/docker\n") == [750]


@pytest.mark.parametrize("line", ["", "0::/gone\n", "nonsense\n", "0::/../..\n"])
def test_what_cannot_be_read_limits_nothing(tmp_path, line):
    assert left(tmp_path, line) == []
    assert list(limits._groups(tmp_path / "none", tmp_path / "neither")) == []


def test_no_more_than_the_computer_has():
    assert 0 < limits.computer_memory() <= psutil.virtual_memory().total


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limits")
def test_the_limit_of_a_shell_counts(monkeypatch):
    import resource

    used = psutil.Process().memory_info().vms
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (used + 50_000_000, -1))
    assert 0 < limits.computer_memory() <= 60_000_000
