"""Memory that one large tensor after another lives in."""

import gc
import re
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_selfseg.machine import buffers
from napari_selfseg.machine.buffers import Buffers, empty_maps, reusing
from napari_selfseg.machine.memory import keep_freed_memory

LIKE = torch.zeros(1)
SHAPE = (1, 3, 4, 5)


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch):
    monkeypatch.setattr(buffers, "LARGE", 1)


def test_the_next_tensor_of_its_size_lies_where_the_last_one_lay():
    with reusing(Buffers()):
        first = empty_maps(SHAPE, LIKE)
        place = first.data_ptr()
        other = empty_maps(SHAPE, LIKE)
        assert other.data_ptr() != place
        del first
        assert empty_maps((1, 3, 20), LIKE).data_ptr() == place


def test_a_part_of_a_tensor_keeps_its_memory():
    with reusing(Buffers()):
        first = empty_maps(SHAPE, LIKE)
        place, part = first.data_ptr(), first[:, :, 1:]
        del first
        assert empty_maps(SHAPE, LIKE).data_ptr() != place
        part.fill_(7)
        assert bool((part == 7).all())


def test_what_is_kept_for_the_backward_pass_is_not_written_over():
    x = torch.ones(SHAPE, requires_grad=True)
    with reusing(Buffers()):
        y = empty_maps(SHAPE, LIKE).copy_(2.0)
        z = x * y
        del y
        empty_maps(SHAPE, LIKE).fill_(-5)
        z.sum().backward()
    assert bool((x.grad == 2).all())


def test_memory_comes_back_from_another_thread():
    with reusing(Buffers()):
        held = [empty_maps(SHAPE, LIKE)]
        place = held[0].data_ptr()
        ends = threading.Thread(target=held.clear)
        ends.start()
        ends.join()
        assert empty_maps(SHAPE, LIKE).data_ptr() == place


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 7), SHAPE, (2, 3, 4, 5, 6)])
@pytest.mark.parametrize("inside", [True, False])
def test_maps_are_stored_channels_last(shape, inside):
    with reusing(Buffers() if inside else None):
        maps = empty_maps(shape, LIKE)
    assert tuple(maps.shape) == shape
    assert maps.movedim(1, -1).is_contiguous()
    assert not maps._is_view(), "a function could not return it to be changed in place"
    assert not inside or maps.data_ptr() % 64 == 0


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_types_are_left_to_pytorch(dtype):
    with reusing(Buffers()):
        assert empty_maps(SHAPE, LIKE.to(dtype)).dtype == dtype


def test_small_maps_are_left_to_the_heap(monkeypatch):
    monkeypatch.setattr(buffers, "LARGE", 61)
    monkeypatch.setattr(Buffers, "empty", lambda *_: pytest.fail("lent"))
    with reusing(Buffers()):
        assert empty_maps(SHAPE, LIKE).shape == SHAPE


def test_only_inside_the_block_and_only_in_its_thread(monkeypatch):
    lent = []
    monkeypatch.setattr(Buffers, "empty", lambda self, stored: lent.append(stored) or LIKE)
    with reusing(Buffers()):
        empty_maps(SHAPE, LIKE)
        assert len(lent) == 1
        other = threading.Thread(target=empty_maps, args=(SHAPE, LIKE))
        other.start()
        other.join()
    empty_maps(SHAPE, LIKE)
    assert len(lent) == 1


def test_blocks_of_a_size_that_is_no_longer_asked_for_are_given_back(monkeypatch):
    monkeypatch.setattr(buffers, "PATIENCE", 3)
    made = []
    monkeypatch.setattr(buffers, "_aligned", lambda n: made.append(n) or np.empty(n, np.float32))
    with reusing(Buffers()):
        for n in (8, 20, 20, 20, 20, 50, 8):
            empty_maps((1, n), LIKE)
    assert made == [8, 20, 50, 8]


def test_a_smaller_map_lies_in_the_smallest_block_that_is_not_much_too_large():
    with reusing(Buffers()):
        held = [empty_maps((1, n), LIKE) for n in (100, 60, 50)]
        places = [each.data_ptr() for each in held]
        held.clear()
        assert empty_maps((1, 24), LIKE).data_ptr() not in places
        found = [empty_maps((1, n), LIKE) for n in (55, 55, 100)]
        assert [each.data_ptr() for each in found[:2]] == [places[1], places[0]]
        assert found[2].data_ptr() not in places
        del found
        assert empty_maps((1, 100), LIKE).data_ptr() in places, "it comes back whole"


def test_blocks_nobody_uses_are_given_back(monkeypatch):
    made = []
    monkeypatch.setattr(buffers, "_aligned", lambda n: made.append(n) or np.empty(n, np.float32))
    lending = Buffers()
    with reusing(lending):
        held = empty_maps((1, 9), LIKE)
        empty_maps((1, 9), LIKE)
        lending.give_back()
        empty_maps((1, 9), LIKE)
        del held
        empty_maps((1, 9), LIKE)
        empty_maps((1, 9), LIKE)
    assert made == [9, 9, 9]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_what_is_given_back_leaves_the_process():
    def resident():
        return int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024

    keep_freed_memory()
    lending = Buffers()
    with reusing(lending):
        empty_maps((1, 2**25), LIKE).fill_(1)
        empty_maps((1, 2**24), LIKE)
        before = resident()
        lending.give_back()
    assert before - resident() > 100


def test_where_no_memory_is_left_that_is_said(monkeypatch):
    def refused(*_):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(buffers.mmap, "mmap", refused)
    with reusing(Buffers()), pytest.raises(MemoryError, match="not to be had"):
        empty_maps(SHAPE, LIKE)


def test_tensors_may_outlive_their_buffers():
    with reusing(Buffers()):
        maps = empty_maps(SHAPE, LIKE).fill_(3)
    gc.collect()
    assert bool((maps == 3).all())
