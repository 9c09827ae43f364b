"""A table with a row an object and plane, kept beside the table of its layer.

The table of a layer has a row a label: napari shows the values of that row for the label under the
mouse, and would show those of the last plane on every plane.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

__all__ = ["PlaneRows", "put_rows", "rows_of"]

ROWS: Final = "napari-selfseg rows of planes"


class PlaneRows(NamedTuple):
    """What was measured, and where a row is.

    Attributes
    ----------
    table : pandas.DataFrame
        A row an object and plane.
    places : mapping of str to tuple of int
        By column an axis of the layer, and what its first pixel is called.
    """

    table: Any
    places: Mapping[str, tuple[int, int]]

    def pixel(self, row: int) -> dict[int, int]:
        """Return where the plane of a row lies: the pixel along axes of the layer."""
        table = self.table
        return {
            axis: int(table[name].iat[row]) - first for name, (axis, first) in self.places.items()
        }

    def called(self, layer: Any, dims: Any) -> dict[str, int]:
        """Return what the plane in view is called in each column of places."""
        here = layer.world_to_data(dims.point[dims.ndim - layer.ndim :])
        return {
            name: round(float(here[axis])) + first for name, (axis, first) in self.places.items()
        }


def put_rows(layer: Any, rows: PlaneRows | None) -> None:
    """Keep rows with a layer; None takes them away. Who follows its table is told."""
    if rows is None:
        layer.metadata.pop(ROWS, None)
    else:
        layer.metadata[ROWS] = rows
    layer.events.features()


def rows_of(layer: Any) -> PlaneRows | None:
    """Return the rows that are kept with a layer; None where there are none."""
    found: PlaneRows | None = layer.metadata.get(ROWS)
    return found
