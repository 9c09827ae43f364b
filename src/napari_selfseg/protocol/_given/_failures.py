"""What a machine refuses, memory or a device, in a sentence that says what to do."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator

__all__ = ["DeviceLost", "OutOfMemory", "explained", "explaining", "reason"]

# torch has no types for these on every device and in every version; its words are stable.
NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "alloc_failed",
)
NO_DEVICE = (
    "cuda error",
    "cuda driver error",
    "hip error",
    "cudnn_status",
    "cublas_status",
    "device-side assert",
    "launch failure",
    "device lost",
    "devicesunavailable",
)


class OutOfMemory(MemoryError):  # noqa: N818 - the word everybody knows
    """The device or the computer has not enough memory for this run."""


class DeviceLost(RuntimeError):  # noqa: N818 - as above
    """The device does not answer any more, or never did."""


def explained(error: Exception) -> Exception:
    """Find the error that says what to do: `OutOfMemory`, `DeviceLost`, or the error itself.

    It may be raised by NumPy, torch or anybody.
    """
    if isinstance(error, OutOfMemory | DeviceLost):
        return error
    if isinstance(error, MemoryError) or _says(error, NO_MEMORY):
        # A notebook keeps its last error, and with it the arrays of every function it came through.
        traceback.clear_frames(error.__traceback__)
        return OutOfMemory(
            "Not enough memory for this run: use fewer channels, a smaller part of the image, "
            "or another device."
        )
    if type(error).__name__ == "AcceleratorError" or _says(error, NO_DEVICE):
        return DeviceLost(
            f"The device stopped working ({_line(error)}): choose the CPU, or restart the program."
        )
    return error


@contextlib.contextmanager
def explaining() -> Iterator[None]:
    """Raise `OutOfMemory` or `DeviceLost` for what the machine refused inside the block."""
    try:
        yield
    except Exception as error:
        if (meant := explained(error)) is error:
            raise
        raise meant from error


def reason(error: Exception) -> str:
    """Say why a run failed, to be read after a colon."""
    if isinstance(error, OutOfMemory):
        return "not enough memory."
    if isinstance(error, DeviceLost):
        return str(error)[:1].lower() + str(error)[1:]
    return str(error) or type(error).__name__


def _says(error: Exception, words: tuple[str, ...]) -> bool:
    said = str(error).lower()
    return isinstance(error, RuntimeError | OSError) and any(word in said for word in words)


def _line(error: Exception) -> str:
    """Return the first line: torch adds advice for programmers."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
