"""An estimate as a person says it."""

from __future__ import annotations

from napari_selfseg.protocol._estimates._estimate import Estimate
from napari_selfseg.protocol._given._digits import duration, size_in_words

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
        Such as ``"about 2 min and 1.3 GB"``, or ``"about 2 min (9 min at most) and 1.3 GB"``
        where many runs end before all iterations are made.
    """
    most = duration(estimated.seconds)
    if estimated.likely is None or duration(estimated.likely) == most:
        return f"about {most} and {size_in_words(estimated.bytes)}"
    return (
        f"about {duration(estimated.likely)} ({most} at most) and {size_in_words(estimated.bytes)}"
    )
