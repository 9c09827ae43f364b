"""Device, threads and precision: wishes and what is there."""

from __future__ import annotations

import pytest
import torch

from napari_selfseg.protocol._given._device import (
    limited_threads,
    resolve_device,
    resolve_precision,
    resolve_threads,
)

CPU = torch.device("cpu")


@pytest.fixture
def machine(monkeypatch):
    """Pretend that a machine has or lacks something."""

    def pretend(cuda=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

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


def test_more_threads_than_a_machine_has_are_refused():
    """A script or a record may ask for them, and the system would end the process."""
    assert resolve_threads(1024) == 1024
    for threads in (1025, 100_000, 10**9):
        with pytest.raises(ValueError, match=f"A run uses 1024 threads at most, not {threads}"):
            resolve_threads(threads)


def test_a_long_word_is_not_repeated_whole():
    for refused in (resolve_device, lambda word: resolve_precision(word, CPU)):
        with pytest.raises(ValueError, match=r"There is no .*xxx: use") as caught:
            refused("x" * 5000)
        assert len(str(caught.value)) < 200


def test_threads_are_given_back_also_after_an_error():
    before = torch.get_num_threads()
    with limited_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    with pytest.raises(KeyError), limited_threads(before + 2):
        raise KeyError
    assert torch.get_num_threads() == before
