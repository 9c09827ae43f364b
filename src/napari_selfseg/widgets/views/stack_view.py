"""The Stack section of the Set-up page: how much of a stack, as what, along which axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QSpinBox, QWidget

from napari_selfseg.widgets.model.image_source import Picture
from napari_selfseg.widgets.model.stacking import (
    UNDECIDED,
    VOLUME,
    Fits,
    Stacking,
    directions,
    suggested,
    suggested_axes,
    ways,
)
from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.choosers import Chooser
from napari_selfseg.widgets.parts.panels import rows, stacked
from napari_selfseg.widgets.parts.style import title

__all__ = ["StackView"]

PARTS: Final = (("Plane in view", "plane"), ("Whole stack", "whole"))
PART_HELP: Final = "The plane in view is a quick trial of what the whole stack will be."
WAY_HELP: Final = (
    "A movie goes plane by plane, and whatever is seen again keeps its number.\n"
    "As one volume: in 3-D, all in memory at once; not for a movie.\n"
    "Each by itself (carry: independent): numbers are found by overlap with the plane before.\n"
    "Learning goes on (carry: warm): begins with what the last plane taught, so fewer do.\n"
    "Learned once for all (carry: joint): on planes spread over the stack, then applied to each."
)
ALONG_HELP: Final = "The axis from plane to plane; the plane in view comes first."
FEWER_HELP: Final = "For a plane that begins with what its neighbour learned."
FEWER: Final = "a tenth of the iterations"


class StackView(QWidget):
    """What is chosen for an image of more than a plane; hidden for others.

    Attributes
    ----------
    fits : callable
        Says whether there is the memory for an image of some shape.
    """

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.part = Chooser(PART_HELP)
        self.way = Chooser(WAY_HELP)
        called(self.way, "Way along the stack")
        self.along = Chooser(ALONG_HELP)
        self.iterations = QSpinBox()
        self.fits: Fits = lambda picture, shape: True
        self._picture: Picture | None = None
        self._suggested: str | None = None
        self._suggested_axes: tuple[int, ...] | None = None
        self._ndims: tuple[int, ...] = (2, 3)
        self._lay_out()
        self._connect()

    @property
    def stacking(self) -> Stacking | None:
        """How to go along the stack; None for the plane in view and for a volume."""
        way, axes = self.way.thing, self.along.thing
        if not self._apart or self.isHidden() or axes is None:
            return None
        fewer = self.iterations.value() if way == "warm" else 0
        return Stacking(axes, way, fewer or None)

    @property
    def undecided(self) -> bool:
        """Whether somebody has to say what the whole is: a volume, or planes."""
        there = not self.isHidden() and self.part.thing == "whole"
        return there and self.way.thing == UNDECIDED

    @property
    def _apart(self) -> bool:
        whole = self.part.thing == "whole"
        return whole and self.way.thing not in (None, VOLUME, UNDECIDED)

    def offer(self, picture: Picture | None) -> None:
        """Offer what an image of more than a plane can be taken apart into."""
        before, self._picture = self._picture, picture
        self.setVisible(picture is not None and len(picture.scale) > 2)
        self._offer(other=picture is not None and _other(before, picture))

    def suit(self, ndims: Sequence[int]) -> None:
        """Offer what a method can do, which takes these numbers of axes."""
        self._ndims = tuple(ndims)
        self._offer(other=False)

    def _offer(self, other: bool) -> None:
        picture = self._picture
        if picture is None:
            return
        before = self.way.thing
        found = suggested(picture, self._ndims, self.fits)
        offered = ways(len(picture.scale), self._ndims, asked=found == UNDECIDED)
        self.way.offer(offered)
        # What a person chose stays as long as the method can do it.
        anew = other or before == self._suggested or before not in [way for _, way in offered]
        if anew and not self.isHidden():
            self._suggested = found
            self.way.choose(found)
        self._offer_along(picture, other)

    def _offer_along(self, picture: Picture, other: bool) -> None:
        before, along = self.along.thing, directions(picture, self._ndims)
        self.along.offer(along)
        offered = [axes for _, axes in along]
        if other or before == self._suggested_axes or before not in offered:
            self._suggested_axes = suggested_axes(picture, offered, self.fits)
            self.along.choose(self._suggested_axes)

    def _lay_out(self) -> None:
        self.part.offer(PARTS)
        self.iterations.setRange(0, 1_000_000)
        self.iterations.setSpecialValueText(FEWER)
        self.iterations.setSuffix(" iterations")
        self.iterations.setToolTip(FEWER_HELP)
        self.iterations.setKeyboardTracking(False)
        self._along_row = rows([("Along", self.along)])
        self._fewer_row = rows([("Later planes", self.iterations)])
        layout = stacked(self)
        # Its words need the whole width.
        for each in (title("Stack"), rows([("Part", self.part)]), self.way):
            layout.addWidget(each)
        for row in (self._along_row, self._fewer_row):
            layout.addWidget(row)
        self._show()

    def _connect(self) -> None:
        for each in (self.part, self.way, self.along):
            each.chosen.connect(self._show)
            each.chosen.connect(self.chosen)
        self.iterations.valueChanged.connect(lambda _: self.chosen.emit())

    def _show(self) -> None:
        whole = self.part.thing == "whole"
        apart = self._apart
        self.way.setVisible(whole)
        self._along_row.setVisible(apart)
        self._fewer_row.setVisible(apart and self.way.thing == "warm")


def _other(before: Picture | None, picture: Picture) -> bool:
    """Say whether it is another image than before, and no other view of it."""
    if before is None:
        return True
    return (before.names, before.shape, before.axes) != (picture.names, picture.shape, picture.axes)
