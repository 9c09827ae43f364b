"""How much longer work takes while other programs are at work."""

from __future__ import annotations

import os

__all__ = ["stretched"]


def stretched(threads: int) -> float:
    """Return how many times as long `threads` take by the clock as they would alone; at least 1.

    It is told from the average load of the last minute, as if processors were shared evenly; 1
    where the system does not tell it.
    """
    processors = os.cpu_count() or 1
    try:
        waiting = os.getloadavg()[0]
    except (AttributeError, OSError):  # Windows has none
        return 1.0
    return max(1.0, (waiting + threads) / max(processors, threads))
