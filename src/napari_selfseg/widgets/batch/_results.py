"""Results of a batch opened in the viewer: those asked for, and those of layers at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_selfseg.widgets.batch._showing import Result, add_result, read_result
from napari_selfseg.widgets.work.task import Begin

if TYPE_CHECKING:
    from napari_selfseg.scale import Entry

__all__ = ["Results"]


class Results:
    """Opens results, each once."""

    def __init__(self, viewer: Any, begin: Begin) -> None:
        self._viewer, self._begin = viewer, begin
        self._sources: tuple[Any, ...] = ()
        self._asked: set[int] = set()
        self._layers: dict[int, list[Any]] = {}

    def expect(self, things: Sequence[Any]) -> None:
        """Get ready for another batch, of image files and layers."""
        self._sources = tuple(None if isinstance(each, str) else each for each in things)
        self._asked, self._layers = set(), {}

    def follow(self, entries: Sequence[Entry]) -> None:
        """Open what is done of layers; labels of a layer belong beside it."""
        for number, each in enumerate(entries):
            layer = self._source(number)
            if each.state == "done" and layer is not None and number not in self._asked:
                self._read(number, each)

    def open(self, number: int, entry: Entry) -> None:
        """Open a result over its image, and hide those opened before; `number` is its index."""
        for at, layers in self._layers.items():
            for each in layers:
                each.visible = at == number
        found = self._layers.get(number)
        if found is None or found[-1] not in self._viewer.layers:
            self._read(number, entry)
        else:
            self._viewer.layers.selection.active = found[-1]

    def _source(self, number: int) -> Any:
        """Return the layer an image is; None for a file, and for a layer that is gone."""
        layer = self._sources[number] if number < len(self._sources) else None
        return layer if layer is not None and layer in self._viewer.layers else None

    def _read(self, number: int, entry: Entry) -> None:
        self._asked.add(number)
        target, layer = entry.target, self._source(number)
        image = entry.image if layer is None else None

        def put(result: Result) -> None:
            source = self._source(number)
            if source is not None or result.image is not None:
                name = Path(entry.image).name
                self._layers[number] = add_result(self._viewer, result, source, name)

        self._begin(lambda: read_result(target, image), put, "Opening the result")
