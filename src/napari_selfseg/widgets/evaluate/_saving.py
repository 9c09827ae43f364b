"""A table as a file."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from napari_selfseg.widgets.model.measure import csv_file

__all__ = ["save_lines"]


def save_lines(lines: Sequence[Sequence[str]], path: str) -> None:
    """Write lines of cells, the head first; what is raised is as of `csv_file`."""
    with csv_file(path) as file:
        csv.writer(file).writerows(lines)
