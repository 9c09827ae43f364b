"""Where each field of a plate lies in its picture, and which is beside which; no Qt here."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from napari_selfseg.io import Plate

__all__ = ["HEAD", "Box", "PlateMap"]

LARGEST: Final = 20.0  # sides of a field, pixels
LEAST: Final = 3.0
GAP: Final = 0.2  # of a field, between wells, and at least a pixel
HEAD: Final = 18.0  # room for the names of rows and columns


class Box(NamedTuple):
    """A rectangle: its corner at the top left, and its size."""

    x: float
    y: float
    width: float
    height: float


class PlateMap:
    """The picture of a plate in numbers: wells as a grid, and in each its fields as a smaller one.

    Lengths are in pixels.
    """

    def __init__(self, plate: Plate, width: float) -> None:
        self.plate = plate
        places = [(each.row, each.column) for each in plate.fields]
        most = max(Counter(places).values(), default=1)
        self.across: Final = math.ceil(math.sqrt(most))
        self.down: Final = math.ceil(most / self.across)
        room = (width - HEAD) / max(len(plate.columns), 1)
        self.side: Final = min(max((room - 1) / (self.across + GAP), LEAST), LARGEST)
        gap = max(GAP * self.side, 1.0)
        # Of a well with the gap behind it.
        self.width: Final = self.across * self.side + gap
        self.height: Final = self.down * self.side + gap
        self._at: dict[tuple[int, int], int] = {}
        taken: dict[tuple[int, int], int] = {}
        for number, (row, column) in enumerate(places):
            k = taken[row, column] = taken.get((row, column), -1) + 1
            self._at[row * self.down + k // self.across, column * self.across + k % self.across] = (
                number
            )
        self._cells = {number: cell for cell, number in self._at.items()}

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the picture."""
        plate = self.plate
        return HEAD + len(plate.columns) * self.width, HEAD + len(plate.rows) * self.height

    def field(self, number: int) -> Box:
        """Return where a field, by its number among those of the plate, lies."""
        row, column = self._cells[number]
        corner = self.well(row // self.down, column // self.across)
        x = corner.x + column % self.across * self.side
        return Box(x, corner.y + row % self.down * self.side, self.side, self.side)

    def well(self, row: int, column: int) -> Box:
        """Return where a well, by row and column from 0, lies."""
        x, y = HEAD + column * self.width, HEAD + row * self.height
        return Box(x, y, self.across * self.side, self.down * self.side)

    def within(self, x: float, y: float) -> list[int]:
        """Return what is pointed at: a field, all of a row or column by its name, or nothing."""
        row, column = math.floor((y - HEAD) / self.height), math.floor((x - HEAD) / self.width)
        if x < HEAD or y < HEAD:
            return self._headed(None if y < HEAD else row, None if x < HEAD else column)
        for number in self.in_well(row, column):
            box = self.field(number)
            if box.x <= x < box.x + box.width and box.y <= y < box.y + box.height:
                return [number]
        return []

    def in_well(self, row: int, column: int) -> list[int]:
        """Return the fields of a well, by row and column from 0."""
        fields = enumerate(self.plate.fields)
        return [k for k, each in fields if (each.row, each.column) == (row, column)]

    def beside(self, number: int, down: int, right: int) -> int:
        """Return the next field in a direction, over gaps; the same at the border.

        One of `down` and `right` is 1 or -1, the other 0.
        """
        row, column = self._cells[number]
        furthest = max(len(self.plate.rows) * self.down, len(self.plate.columns) * self.across)
        for step in range(1, furthest):
            found = self._at.get((row + step * down, column + step * right))
            if found is not None:
                return found
        return number

    def _headed(self, row: int | None, column: int | None) -> list[int]:
        return [
            k
            for k, each in enumerate(self.plate.fields)
            if row in (None, each.row) and column in (None, each.column)
        ]
