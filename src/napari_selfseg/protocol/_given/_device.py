"""Which device, how many threads, which precision."""

from __future__ import annotations

import torch

from napari_selfseg.convolving import bfloat16_pays
from napari_selfseg.machine.processes import MOST_THREADS
from napari_selfseg.machine.threads import limited_threads

__all__ = [
    "check_precision",
    "limited_threads",
    "resolve_device",
    "resolve_precision",
    "resolve_threads",
]

PRECISIONS = ("auto", "float32", "bfloat16")


def fast_bfloat16(device: torch.device) -> bool:
    """Say whether a training step in bfloat16 is faster than one in float32.

    On a processor a step is timed in both (`napari_selfseg.convolving.bfloat16_pays`). On NVIDIA's
    cards from compute capability 8.0, the first with bfloat16 tensor cores; not on Apple's (neither
    was timed).
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return device.type == "cpu" and bfloat16_pays()


def resolve_device(device: str | torch.device) -> torch.device:
    """Resolve the name of a device; ``"auto"`` takes CUDA, then MPS, then the CPU.

    ValueError when it is unknown or not there.
    """
    if str(device) == "auto":
        return torch.device(_best())
    try:
        wanted = torch.device(device)
    except RuntimeError:
        raise ValueError(
            f"There is no device {device!r:.60}: use auto, cpu, cuda or mps."
        ) from None
    if not _there(wanted):
        raise ValueError(f"The device {str(wanted)!r} is not available here: use auto or cpu.")
    return wanted


def _best() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _there(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()
    return device.type == "cpu" or (device.type == "mps" and torch.backends.mps.is_available())


def check_precision(precision: object) -> None:
    """Refuse a precision that there is not."""
    if precision not in PRECISIONS:
        raise ValueError(f"There is no precision {precision!r:.60}: use {', '.join(PRECISIONS)}.")


def resolve_precision(precision: str, device: torch.device) -> torch.dtype:
    """Resolve a precision to the type that training forward and backward use.

    ``"auto"`` takes bfloat16 where it is faster, which is measured once a machine. ValueError when
    the word is unknown.
    """
    check_precision(precision)
    wanted = (
        ("bfloat16" if fast_bfloat16(device) else "float32") if precision == "auto" else precision
    )
    return torch.bfloat16 if wanted == "bfloat16" else torch.float32


def resolve_threads(threads: int | None) -> int:
    """Return the number of CPU threads of a run; None keeps what torch would use.

    ValueError when fewer than one are asked for, or more than 1024.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"A run needs at least one thread, not {threads}.")
    if threads is not None and threads > MOST_THREADS:
        raise ValueError(f"A run uses {MOST_THREADS} threads at most, not {threads}.")
    return threads or torch.get_num_threads()
