"""Why a stack ended, each way in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.protocol import Stop

__all__ = ["counted", "ended"]


def counted(done: NDArray[np.bool_]) -> str:
    """Say how many planes are done, such as ``"3 of 12 planes"``."""
    return f"{int(done.sum())} of {len(done)} planes"


def ended(done: NDArray[np.bool_], failed: Mapping[int, Any], *, abandoned: bool) -> Stop:
    """Say why a stack ended that nothing went wrong with.

    Parameters
    ----------
    done : ndarray of bool
        One a plane.
    failed : mapping of int to str
        Planes that could not be used, and why.
    abandoned : bool
        Whether somebody asked for the end at once.

    Returns
    -------
    Stop
        ``"finished"``, ``"asked"``, ``"abandoned"``, or ``"failed"`` where no plane could be used.
    """
    if abandoned:
        return Stop("abandoned", f"Ended at once; {counted(done)} are done.")
    if int((~done).sum()) > len(failed):
        return Stop("asked", f"Stopped when asked; {counted(done)} are done.")
    if failed:
        why = next(iter(failed.values()))
        sentence = f"{counted(done)} are done; the others cannot be used: {why}"
        return Stop("finished" if done.any() else "failed", sentence)
    return Stop("finished", f"All {len(done)} planes are done.")
