"""Durations and sizes in two digits."""

from __future__ import annotations

__all__ = ["duration", "size_in_words"]


def duration(seconds: float) -> str:
    """Return a duration in two digits, such as ``"2.1 min"``."""
    for unit, length, most in (("s", 1, 90), ("min", 60, 90), ("h", 3600, 48)):
        if seconds < most * length:
            return f"{_two_digits(max(seconds, 1) / length)} {unit}"
    return f"{_two_digits(seconds / 86400)} days"


def size_in_words(n_bytes: float) -> str:
    """Return a size in two digits, such as ``"1.3 GB"``."""
    for unit, length in (("MB", 1e6), ("GB", 1e9)):
        if n_bytes < 995 * length:
            return f"{_two_digits(max(n_bytes / length, 1))} {unit}"
    return f"{_two_digits(n_bytes / 1e12)} TB"


def _two_digits(value: float) -> str:
    return f"{float(f'{value:.2g}'):g}"
