"""The edit tools on one layer: what clicks and buttons do to it; no Qt here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.widgets.canvas.layers import sizes_of
from napari_selfseg.widgets.editing.marks import Marks
from napari_selfseg.widgets.superpixels._layers import note_edits

if TYPE_CHECKING:
    from napari_selfseg.superpixels import Edits

__all__ = ["Editor", "Tool"]

Tool = Literal["pick", "split"]
Point = tuple[int, ...]


class Editor:
    """Superpixels of a layer, what is picked of them, and the points of a split.

    `edits` are of the layer's array, if there are some already; `image` is what the superpixels
    were made of.

    Raises
    ------
    ValueError
        When the layer cannot be edited.
    """

    def __init__(
        self, viewer: Any, layer: Any, edits: Edits | None = None, image: Any = None
    ) -> None:
        self.layer = layer
        self.image = image
        self.tool: Tool | None = None
        self.points: list[Point] = []
        self._viewer = viewer
        self._marks: Marks | None = None
        # Whether each change was a stroke, which napari takes back, the last one last.
        self._strokes: list[bool] = []
        self._taken_back: list[bool] = []
        self._napari = False
        self.edits = _edits_of(layer) if edits is None else edits
        layer.events.paint.connect(self._on_paint)

    @property
    def fresh(self) -> bool:
        """Whether the layer still shows the array that is edited."""
        return self.edits.labels is self.layer.data

    @property
    def chosen(self) -> int:
        """How many superpixels or points the tool at work has."""
        return len(self.points) if self.tool == "split" else len(self.edits.picked)

    def take(self, tool: Tool) -> None:
        """Take up a tool: ``pick`` or ``split``."""
        self.clear()
        self.tool = tool
        if self._marks is None:
            # Painting on a click, too, would surprise.
            self._viewer.layers.selection.active = self.layer
            self.layer.mode = "pan_zoom"
            self._marks = Marks(self._viewer, self.layer)

    def put_away(self) -> None:
        """Put the tool away, and with it what is picked."""
        self.clear()
        self.tool = None
        if self._marks is not None:
            self._marks.remove()
            self._marks = None

    def cover(self, covered: bool) -> None:
        """Take the marks out while a dialog is open: who saves all layers saves none of them."""
        if self._marks is not None and covered:
            self._marks.remove()
        elif self._marks is not None:
            self._marks.put_back()

    def click(self, position: Sequence[float]) -> None:
        """Pick the superpixel, or set the point, at a place in world coordinates.

        Raises
        ------
        ValueError
            When nothing can be picked there.
        """
        point = self._pixel(position)
        number = self.edits.at(point)
        if self.tool == "pick":
            self.edits.pick(number)
        elif self.tool == "split":
            self._add_point(point, number)
        self._show()

    def sweep(self, position: Sequence[float]) -> None:
        """Pick the superpixel at a place in world coordinates, if there is one."""
        number = self.edits.at(self._pixel(position)) if self.tool == "pick" else 0
        if number and number not in self.edits.picked:
            self.edits.pick(number)
            self._show()

    def apply(self, image: Any = None) -> str:
        """Merge what is picked, or split at the points; say what was done.

        `image` is split along its edges, where it is not known what the superpixels were made of.

        Raises
        ------
        ValueError
            When it cannot be done.
        """
        if self.tool == "split":
            return self._split(self.image if self.image is not None else image)
        n, number = len(self.edits.picked), self.edits.merge(self.edits.picked)
        self._did(stroke=False)
        self._changed()
        pieces = _pieces(self.edits.labels == number)
        apart = f" It is in {pieces} pieces that do not touch." if pieces > 1 else ""
        return f"Merged {n} superpixels into number {number}.{apart}"

    def undo(self) -> str:
        """Take the last edit back; return it in words."""
        if False in self._strokes:
            place = len(self._strokes) - 1 - self._strokes[::-1].index(False)
            self._taken_back.append(self._strokes.pop(place))
        return self._again("Undone", self.edits.undo)

    def redo(self) -> str:
        """Make the edit again that was taken back; return it in words."""
        if False in self._taken_back:
            place = len(self._taken_back) - 1 - self._taken_back[::-1].index(False)
            self._strokes.append(self._taken_back.pop(place))
        return self._again("Redone", self.edits.redo)

    def undo_last(self) -> str:
        """Take the last change back, a stroke of the brush as well; return it in words."""
        if self._strokes and self._strokes[-1]:
            self._taken_back.append(self._strokes.pop())
            return self._by_napari(self.layer.undo, "Undone: a stroke of the brush.")
        return self.undo()

    def redo_last(self) -> str:
        """Make the change again that was taken back last; return it in words."""
        if self._taken_back and self._taken_back[-1]:
            self._strokes.append(self._taken_back.pop())
            return self._by_napari(self.layer.redo, "Redone: a stroke of the brush.")
        return self.redo()

    def clear(self) -> None:
        """Put back what is picked, and forget the points."""
        self.points.clear()
        self.edits.unpick()
        self._show()

    def close(self) -> None:
        """Leave the layer to itself."""
        self.layer.events.paint.disconnect(self._on_paint)
        self.put_away()

    def _by_napari(self, act: Callable[[], None], words: str) -> str:
        self._napari = True
        try:
            act()
        finally:
            self._napari = False
        self.edits.recount()
        self._changed()
        return words

    def _did(self, *, stroke: bool) -> None:
        self._strokes.append(stroke)
        self._taken_back.clear()

    def _split(self, image: Any) -> str:
        number = self.edits.at(self.points[0]) if self.points else 0
        spacing = tuple(map(abs, sizes_of(self.layer)))
        parts = self.edits.split(number, self.points, image, spacing)
        self._did(stroke=False)
        self._changed()
        return f"Split superpixel {number} into {len(parts)}."

    def _add_point(self, point: Point, number: int) -> None:
        first = self.edits.at(self.points[0]) if self.points else number
        if not number:
            raise ValueError("There is no superpixel here: click inside one.")
        if number != first:
            raise ValueError(
                "This is another superpixel: click inside the marked one, or Clear to start again."
            )
        self.points.append(point)
        self.edits.unpick()
        self.edits.pick(number)

    def _again(self, word: str, act: Callable[[], str]) -> str:
        words = act()
        self._changed()
        return f"{word}: {words[:1].lower()}{words[1:]}" if words else ""

    def _changed(self) -> None:
        self.points.clear()
        note_edits(self.layer, self.edits.edited)
        self._show()
        if self._marks is None:
            self.layer.refresh()
        else:
            self._marks.refresh()

    def _show(self) -> None:
        if self._marks is not None:
            self._marks.show(self.edits.picked, self.points)

    def _pixel(self, position: Sequence[float]) -> Point:
        place = self.layer.world_to_data(position)
        return tuple(int(each) for each in np.round(place))

    def _on_paint(self, event: object = None) -> None:
        if not self._napari:
            self._did(stroke=True)
        self.edits.recount()
        note_edits(self.layer, True)


def _edits_of(layer: Any) -> Edits:
    from napari_selfseg.superpixels import Edits

    if layer.multiscale or not isinstance(layer.data, np.ndarray):
        raise ValueError(
            f"{layer.name} cannot be edited, because its labels are not one array in memory: "
            "duplicate it in memory first."
        )
    return Edits(layer.data)


def _pieces(mask: NDArray[np.bool_]) -> int:
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    found: int = ndimage.label(mask[box], np.ones((3,) * mask.ndim))[1]
    return found
