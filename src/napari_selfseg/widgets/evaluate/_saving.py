"""A table as a file."""

from __future__ import annotations

import csv
from collections.abc import Sequence

__all__ = ["save_lines"]


def save_lines(lines: Sequence[Sequence[str]], path: str) -> None:
    """Write lines of cells, the head first, as CSV, whole or not at all.

    Raises
    ------
    ValueError
        When the ending is another one.
    OSError
        When the file cannot be written.
    """
    from napari_selfseg.io import atomic_file, check_target

    target = check_target(path, (".csv",))
    # With the mark at its beginning spreadsheets read names in any script as they are.
    with atomic_file(target) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(lines)
