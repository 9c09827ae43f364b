"""Pictures of plates tied to the list of images, and to the table of what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_selfseg.widgets.batch._images import ImageList
from napari_selfseg.widgets.batch._table import EntryTable
from napari_selfseg.widgets.batch._words import detail, shortened_path
from napari_selfseg.widgets.batch.plate._views import PlateViews, plates_of

if TYPE_CHECKING:
    from napari_selfseg.scale import Entry

__all__ = ["PlateChoice", "PlateStates"]

CHOOSE: Final = (
    "Which wells and fields are done: click a field, with Shift its well, or the name of a row or "
    "column; the corner takes all. By keys: arrows, Space, Shift+Space for the well."
)
LOOK: Final = "Click a field, or go to it by the arrows, to see what became of it; Return opens it."


class PlateChoice:
    """Fields of the list, chosen in the picture of their plate."""

    def __init__(self, images: ImageList) -> None:
        self._images = images
        self._picking = False
        self.plates = PlateViews(shortened_path, CHOOSE, ("chosen", "out"))
        self.plates.picked.connect(self._pick)
        images.changed.connect(self._follow)

    def _follow(self) -> None:
        things = self._images.things
        # A plate of which nothing is chosen any more can be chosen from again.
        if not self._picking:
            self.plates.show_plates(plates_of(things))
        self.plates.show_signs({each: "chosen" for each in things if isinstance(each, str)})

    def _pick(self, found: Sequence[str]) -> None:
        """Take fields off where all of them are chosen; otherwise choose the others as well."""
        chosen = {str(Path(e).absolute()): e for e in self._images.things if isinstance(e, str)}
        gone = set(found) if set(found) <= set(chosen) else set[str]()
        wanted = (set(chosen) | set(found)) - gone
        plate = next(e for e in self.plates.plates if any(str(f.path) in found for f in e.fields))
        paths = [str(each.path) for each in plate.fields]
        old = [chosen[path] for path in paths if path in chosen]
        self._picking = True
        self._images.replace_files(old, [chosen.get(p, p) for p in paths if p in wanted])
        self._picking = False


class PlateStates:
    """What became of each field, in the picture of its plate and in the table."""

    def __init__(self, table: EntryTable) -> None:
        self._table = table
        self._entries: dict[str, Entry] = {}
        signs = ("done", "running", "failed", "left")
        self.plates = PlateViews(self._told, LOOK, signs)
        self.plates.pointed.connect(self._choose)
        self.plates.entered.connect(self._open)
        table.chosen.connect(self._follow)

    def show(self, entries: Sequence[Entry], running: int) -> None:
        """Show how far a batch is; `running` is the index of the image worked on, -1 for none."""
        images = [each.image for each in entries]
        if images != [each.image for each in self._entries.values()]:
            self.plates.show_plates(plates_of(images))
        self._entries = {str(Path(each.image).absolute()): each for each in entries}
        at_hand = [k == running and each.state == "left" for k, each in enumerate(entries)]
        self.plates.show_signs(
            {
                each.image: "running" if now else each.state
                for each, now in zip(entries, at_hand, strict=True)
            }
        )

    def _told(self, path: str) -> str:
        entry = self._entries.get(path)
        return f"{shortened_path(path)}: left out." if entry is None else detail(entry)

    def _choose(self, path: str) -> None:
        if entry := self._entries.get(path):
            self._table.choose(entry.image)

    def _open(self, path: str) -> None:
        if entry := self._entries.get(path):
            self._table.choose(entry.image)
            self._table.opened.emit(self._table.number)

    def _follow(self) -> None:
        if entry := self._table.entry:
            self.plates.point_at(entry.image)
