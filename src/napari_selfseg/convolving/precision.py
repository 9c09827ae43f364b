"""Whether training in bfloat16 pays on this machine: a step is timed, its gradients compared."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_selfseg.machine.disk_cache import DiskCache, machine
from napari_selfseg.machine.threads import limited_threads

from .choice import timed
from .function import convolve
from .ways import TIMED

PRECISION_SETTING: Final = "NAPARI_SELFSEG_AUTO_PRECISION"
SETTINGS: Final = {"float32": False, "bfloat16": True}

# The step that is tried: of a network of two convolutions with so many channels.
CHANNELS: Final = 64
SIDE: Final = 64
ROUNDS: Final = 3
# A step of less than this share of float32's time pays for the digits that are lost.
PAYS: Final = 0.85
FAR: Final = 3
# How far gradients may be from float32's, relative to their length. Rounding makes 0.06, mostly by
# where it puts values on the other side of a ReLU.
APART: Final = 0.2


def bfloat16_pays() -> bool:
    """Say whether a training step in bfloat16 is faster, and its gradients right.

    One thread tries it, once a machine and version of PyTorch, and the answer is kept in the user's
    cache. The environment variable of `PRECISION_SETTING` decides instead. Where the
    processor or PyTorch fails, a warning says so when it is tried.

    Raises
    ------
    ValueError
        When the environment variable is neither ``timed`` nor a precision.
    """
    setting = os.environ.get(PRECISION_SETTING, TIMED)
    if setting != TIMED and setting not in SETTINGS:
        known = ", ".join((TIMED, *SETTINGS))
        raise ValueError(f"There is no {PRECISION_SETTING}={setting:.60}: use {known}.")
    return SETTINGS[setting] if setting in SETTINGS else _known()


@functools.cache
def _known() -> bool:
    kept = DiskCache()
    question = {**machine(), "torch": torch.__version__, "question": "bfloat16 pays"}
    found = kept.read(question)
    if not isinstance(found, bool):
        with limited_threads(1):
            found = tried()
        kept.keep(question, found)
    return found


def tried() -> bool:
    """Time a step in both precisions; say whether bfloat16 is clearly faster and right."""
    wide, narrow = (
        functools.partial(_gradient, dtype) for dtype in (torch.float32, torch.bfloat16)
    )
    with torch.inference_mode(False), torch.enable_grad():
        expected = wide()
        try:
            apart = (narrow() - expected).norm() / expected.norm()
        except RuntimeError as error:
            first = str(error).partition("\n")[0]
            warnings.warn(f"Training is in float32, as bfloat16 fails: {first}", stacklevel=2)
            return False
        # Also where it is not a number.
        return bool(apart < APART) and _faster(narrow, wide)


def _faster(way: Callable[[], object], other: Callable[[], object]) -> bool:
    seconds: list[tuple[float, float]] = []
    # What takes several times as long needs no second look.
    while len(seconds) < ROUNDS and all(one < FAR * two for one, two in seconds):
        seconds.append((timed(way), timed(other)))
    return min(one for one, _ in seconds) < PAYS * min(two for _, two in seconds)


def _gradient(dtype: torch.dtype) -> Tensor:
    """Make a training step of two convolutions with ReLU, batch normalisation and softmax loss.

    Maps are of the type `dtype`; the gradient of the kernels, ``(weights,)``, is float32.
    """
    generator = torch.Generator().manual_seed(0)
    image = torch.randn((1, CHANNELS, SIDE, SIDE), generator=generator)
    target = (image.movedim(1, -1).reshape(-1, CHANNELS) + 1).argmax(1)
    kernels = (
        torch.randn((2, CHANNELS, CHANNELS, 3, 3), generator=generator) * (9 * CHANNELS) ** -0.5
    )
    kernels.requires_grad_()
    x = image.to(dtype)
    for kernel in kernels:
        x = convolve(x, kernel.to(dtype)).relu()
        x = F.batch_norm(x, None, None, training=True)
    responses = x.movedim(1, -1).reshape(-1, CHANNELS)
    F.cross_entropy(responses.float(), target).backward()
    gradient: Tensor | None = kernels.grad
    assert gradient is not None
    return gradient
