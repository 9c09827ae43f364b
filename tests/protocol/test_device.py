"""Device, threads and precision: wishes and what is there."""

from __future__ import annotations

import pytest
import torch

from napari_selfseg.protocol._device import (
    limited_threads,
    resolve_device,
    resolve_precision,
    resolve_threads,
)

CPU = torch.device("cpu")


@pytest.fixture
def machine(monkeypatch):
    """Pretend that a machine has or lacks something."""

    def pretend(cuda=0, mps=False, bfloat16=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bfloat16)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: bfloat16)

    return pretend


@pytest.mark.parametrize(
    ("there", "expected"),
    [({}, "cpu"), ({"mps": True}, "mps"), ({"cuda": 1, "mps": True}, "cuda")],
)
def test_auto_takes_the_fastest(machine, there, expected):
    machine(**there)
    assert resolve_device("auto") == torch.device(expected)


def test_a_device_that_is_there_is_taken(machine):
    machine(cuda=2, mps=True)
    for name in ("cpu", "cuda", "cuda:1", "mps"):
        assert resolve_device(name) == resolve_device(torch.device(name)) == torch.device(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps", "meta", "xpu"])
def test_a_device_that_is_not_there_is_refused(machine, name):
    machine()
    with pytest.raises(ValueError, match=rf"The device '{name}' is not available here: use auto"):
        resolve_device(name)


def test_only_as_many_cuda_devices_as_there_are(machine):
    machine(cuda=1)
    with pytest.raises(ValueError, match="'cuda:1' is not available"):
        resolve_device("cuda:1")


@pytest.mark.parametrize("name", ["gpu", "", "CUDA0"])
def test_an_unknown_device_is_refused(name):
    with pytest.raises(
        ValueError, match=f"There is no device '{name}': use auto, cpu, cuda or mps"
    ):
        resolve_device(name)


def test_precision_is_what_was_asked_for(machine):
    for fast in (True, False):
        machine(bfloat16=fast)
        assert resolve_precision("float32", CPU) == torch.float32
        assert resolve_precision("bfloat16", CPU) == torch.bfloat16
        assert resolve_precision("auto", CPU) == (torch.bfloat16 if fast else torch.float32)


def test_auto_precision_elsewhere(machine):
    machine(cuda=1, mps=True)
    assert resolve_precision("auto", torch.device("cuda")) == torch.bfloat16
    assert resolve_precision("auto", torch.device("mps")) == torch.float32


@pytest.mark.parametrize("precision", ["float16", "", "double", None])
def test_an_unknown_precision_is_refused(precision):
    with pytest.raises(ValueError, match=r"There is no precision .*: use auto, float32, bfloat16"):
        resolve_precision(precision, CPU)


def test_threads():
    assert resolve_threads(None) == torch.get_num_threads()
    assert resolve_threads(3) == 3


@pytest.mark.parametrize("threads", [0, -2])
def test_at_least_one_thread(threads):
    with pytest.raises(ValueError, match=f"A run needs at least one thread, not {threads}"):
        resolve_threads(threads)


def test_threads_are_given_back_also_after_an_error():
    before = torch.get_num_threads()
    with limited_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    with pytest.raises(KeyError), limited_threads(before + 2):
        raise KeyError
    assert torch.get_num_threads() == before
