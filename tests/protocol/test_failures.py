"""What the machine refuses is said in a sentence; everything else is left as it is."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest
import torch

from napari_selfseg.protocol import DeviceLost, OutOfMemory
from napari_selfseg.protocol._given._failures import explained, explaining, reason

NO_MEMORY = [
    MemoryError(),
    np._core._exceptions._ArrayMemoryError((2, 3), np.dtype(float)),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("CUDA error: out of memory"),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
]
NO_DEVICE = [
    RuntimeError("CUDA error: device-side assert triggered\nCompile with TORCH_USE_CUDA_DSA."),
    RuntimeError("CUDA error: unspecified launch failure"),
    RuntimeError("CUDA error: all CUDA-capable devices are busy or unavailable"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    getattr(torch, "AcceleratorError", RuntimeError)("HIP error: invalid device function"),
]
OTHERS = [
    ValueError("The image is empty."),
    ValueError("Out of memory is a strange name for a layer."),
    RuntimeError("boom"),
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
]


@pytest.mark.parametrize("error", NO_MEMORY, ids=str)
def test_memory_that_ran_out(error):
    meant = explained(error)
    assert isinstance(meant, OutOfMemory)
    assert str(meant).startswith("Not enough memory for this run: use fewer channels, a smaller")
    assert reason(meant) == "not enough memory."


@pytest.mark.parametrize("error", NO_DEVICE, ids=str)
def test_a_device_that_failed(error):
    meant = explained(error)
    assert isinstance(meant, DeviceLost)
    first = str(error).splitlines()[0].rstrip(".")
    assert str(meant) == (
        f"The device stopped working ({first}): choose the CPU, or restart the program."
    )
    assert reason(meant) == "t" + str(meant)[1:]


@pytest.mark.parametrize("error", OTHERS, ids=str)
def test_other_errors_are_left_alone(error):
    assert explained(error) is error
    assert reason(error) == str(error)


def test_a_device_that_fails_in_words_of_its_own():
    kind = type("AcceleratorError", (RuntimeError,), {})
    meant = explained(kind("The card fell off the bus."))
    assert isinstance(meant, DeviceLost)
    assert str(meant).startswith("The device stopped working (The card fell off the bus): choose")


def test_an_error_without_words_is_named():
    assert reason(explained(KeyError())) == "KeyError"


def test_what_was_explained_is_not_explained_again():
    for error in (NO_MEMORY[0], NO_DEVICE[0]):
        meant = explained(error)
        assert explained(meant) is meant


@pytest.mark.parametrize("error", [NO_MEMORY[0], NO_DEVICE[0]])
def test_the_first_error_is_the_cause(error):
    with pytest.raises((OutOfMemory, DeviceLost)) as caught, explaining():
        raise error
    assert caught.value.__cause__ is error


def test_other_errors_pass_unchanged():
    with pytest.raises(ValueError, match="empty") as caught, explaining():
        raise OTHERS[0]
    assert caught.value is OTHERS[0]
    assert caught.value.__cause__ is None
