"""The plates of a batch, one below the other, and what their signs mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QWidget

from napari_selfseg.widgets.batch.plate._legend import PlateLegend
from napari_selfseg.widgets.batch.plate._view import PlateView
from napari_selfseg.widgets.parts.panels import stacked
from napari_selfseg.widgets.parts.style import sentence

if TYPE_CHECKING:
    from napari_selfseg.io import Plate

__all__ = ["PlateViews", "plates_of"]

# More of them would fill the dock.
MOST: Final = 4


def plates_of(images: Sequence[object]) -> tuple[Plate, ...]:
    """Return the plates of which images are fields, in the order of their first images.

    What is no path is in no plate.
    """
    from napari_selfseg.io import plate_of

    found: dict[Path, Plate | None] = {}
    for each in images:
        path = Path(each).absolute() if isinstance(each, str) else None
        if path is not None and len(path.parents) > 2 and path.parents[2] not in found:
            found[path.parents[2]] = plate_of(path)
    return tuple(plate for plate in found.values() if plate is not None)


class PlateViews(QWidget):
    """Pictures of plates; nothing where there are none.

    `told` says all that is known of the field at a path, `help` what clicks and keys do; `signs`
    are those that are explained.

    Attributes
    ----------
    pointed, entered : Signal
        With the path of a field.
    picked : Signal
        With a list of paths.
    """

    pointed = Signal(str)
    entered = Signal(str)
    picked = Signal(object)

    def __init__(self, told: Callable[[str], str], help: str, signs: Sequence[str]) -> None:
        super().__init__()
        self._told, self._help = told, help
        self._plates: tuple[Plate, ...] = ()
        self._views: list[PlateView] = []
        self._layout = stacked(self)
        self._more = sentence()
        self._layout.addWidget(self._more)
        self._layout.addWidget(PlateLegend(signs))
        self.hide()

    @property
    def plates(self) -> tuple[Plate, ...]:
        """Those shown."""
        return self._plates

    @property
    def views(self) -> tuple[PlateView, ...]:
        """Their pictures."""
        return tuple(self._views)

    def show_plates(self, plates: Sequence[Plate]) -> None:
        """Show other plates; of more than a few the first are shown."""
        if tuple(plates) == self._plates:
            return
        self._plates = tuple(plates)
        for view in self._views:
            view.setParent(None)
        self._views = [self._made(plate) for plate in self._plates[:MOST]]
        for k, view in enumerate(self._views):
            self._layout.insertWidget(k, view)
        rest = len(self._plates) - MOST
        self._more.setText(f"And {rest} more plates." if rest > 0 else "")
        self._more.setVisible(rest > 0)
        self.setVisible(bool(self._plates))

    def show_signs(self, signs: Mapping[str, str]) -> None:
        """Show what became of fields: sign by path."""
        absolute = {str(Path(path).absolute()): sign for path, sign in signs.items()}
        for plate, view in zip(self._plates, self._views, strict=False):
            paths = [str(each.path) for each in plate.fields]
            view.show_signs({k: absolute[path] for k, path in enumerate(paths) if path in absolute})

    def point_at(self, path: str) -> None:
        """Move the mark to the field at a path."""
        wanted = Path(path).absolute()
        for plate, view in zip(self._plates, self._views, strict=False):
            for k, each in enumerate(plate.fields):
                if each.path == wanted:
                    view.point_at(k)

    def _made(self, plate: Plate) -> PlateView:
        paths = [str(each.path) for each in plate.fields]
        view = PlateView(plate, lambda k: self._told(paths[k]))
        view.setToolTip(self._help)
        view.pointed.connect(partial(_say, self.pointed, paths))
        view.entered.connect(partial(_say, self.entered, paths))
        view.picked.connect(lambda found: self.picked.emit([paths[k] for k in found]))
        return view


def _say(signal: Signal, paths: Sequence[str], number: int) -> None:
    signal.emit(paths[number])
