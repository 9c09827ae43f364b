"""Axes that a TIFF names and napari's own reader does not hand on.

They are asked for on the main thread, so not of `napari_selfseg.io`, which takes seconds to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

__all__ = ["axes_in_file"]

ENDINGS: Final = (".tif", ".tiff")
# As tifffile has them. What else a letter means is left to the layer.
NAMES: Final = {"T": "t", "Z": "z"}
FILES: Final = 64


def axes_in_file(path: str, shape: Sequence[int]) -> tuple[str, ...]:
    """Return the names of axes of time and depth in a TIFF.

    Parameters
    ----------
    path : str
        That a layer was opened from.
    shape : sequence of int
        Of the layer.

    Returns
    -------
    tuple of str
        A name for each axis, empty where it is neither of the two; empty itself where the file is
        no TIFF, or one of another shape.
    """
    if not path.lower().endswith(ENDINGS):
        return ()
    try:
        changed = Path(path).stat().st_mtime_ns
    except OSError:
        return ()
    return _axes(path, tuple(shape), changed)


@lru_cache(FILES)
def _axes(path: str, shape: tuple[int, ...], changed: int) -> tuple[str, ...]:
    from tifffile import TiffFile, TiffFileError

    try:
        with TiffFile(path) as file:
            series = file.series[0]
            letters, found = series.axes, tuple(series.shape)
    except (TiffFileError, OSError, ValueError, IndexError):
        return ()
    return tuple(NAMES.get(each, "") for each in letters) if found == shape else ()
