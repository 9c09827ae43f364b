"""What the process and the processor are asked for."""

import sys

import pytest
import torch

from napari_selfseg.nets import fast_bfloat16, keep_freed_memory, release_freed_memory


def test_keeping_freed_memory_may_be_asked_twice():
    first = keep_freed_memory()
    assert keep_freed_memory() == first
    release_freed_memory()


@pytest.mark.skipif(sys.platform == "linux", reason="glibc can keep memory")
def test_elsewhere_memory_is_left_to_the_system():
    assert not keep_freed_memory()


def test_bfloat16_is_never_chosen_where_unknown():
    assert not fast_bfloat16(torch.device("mps"))
    assert fast_bfloat16(torch.device("cpu")) in (True, False)
