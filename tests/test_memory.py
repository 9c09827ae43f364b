from __future__ import annotations

import subprocess
import sys

import pytest

from napari_selfseg.machine.memory import keep_freed_memory, release_freed_memory

# In a process of its own: a setting of the whole process, and faults of it alone.
FAULTS = """
import resource, sys
import torch
from napari_selfseg.machine.memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
x = torch.ones(10 << 20, requires_grad=True)
def step():
    (x.relu() * 2).exp().mean().backward()
    x.grad = None
for _ in range(2):
    step()
before = faults()
for _ in range(3):
    step()
print(faults() - before)
"""

HELD = """
import resource
from pathlib import Path
import torch
from napari_selfseg.machine.memory import keep_freed_memory, release_freed_memory
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
keep_freed_memory()
x = torch.ones(64 << 20)
del x
before = resident()
release_freed_memory()
print(before - resident())
"""


def faults(word):
    command = [sys.executable, "-c", FAULTS, word]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can keep memory")
def test_tensors_find_their_pages_ready():
    if not keep_freed_memory():
        pytest.skip("the C library is not glibc")
    assert faults("keep") < faults("leave") / 2


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can keep memory")
def test_what_was_kept_is_given_back():
    if not keep_freed_memory():
        pytest.skip("the C library is not glibc")
    command = [sys.executable, "-c", HELD]
    given = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert given > 200 << 20, "of 256 MB"


def test_asking_twice_is_the_same_and_releasing_is_safe():
    assert keep_freed_memory() == keep_freed_memory()
    release_freed_memory()


@pytest.mark.skipif(sys.platform == "linux", reason="glibc can keep memory")
def test_elsewhere_memory_is_left_to_the_system():
    assert not keep_freed_memory()
