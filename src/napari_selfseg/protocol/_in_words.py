"""An estimate as a person says it."""

from __future__ import annotations

from napari_selfseg.protocol._estimate import Estimate

__all__ = ["in_words"]


def in_words(estimated: Estimate) -> str:
    """Return an estimate as a person says it.

    Parameters
    ----------
    estimated : Estimate
        Of a run.

    Returns
    -------
    str
        Such as ``"about 2 min and 1.3 GB"``.
    """
    return f"about {_duration(estimated.seconds)} and {_size(estimated.bytes)}"


def _duration(seconds: float) -> str:
    for unit, length, most in (("s", 1, 90), ("min", 60, 90), ("h", 3600, 48)):
        if seconds < most * length:
            return f"{_two_digits(max(seconds, 1) / length)} {unit}"
    return f"{_two_digits(seconds / 86400)} days"


def _size(size: float) -> str:
    for unit, length in (("MB", 1e6), ("GB", 1e9)):
        if size < 995 * length:
            return f"{_two_digits(max(size / length, 1))} {unit}"
    return f"{_two_digits(size / 1e12)} TB"


def _two_digits(value: float) -> str:
    return f"{float(f'{value:.2g}'):g}"
