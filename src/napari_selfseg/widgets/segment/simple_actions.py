"""What a person meets first: few or many before a run, and the result after it."""

from __future__ import annotations

from typing import Any, Final

from napari_selfseg.widgets.views.amount.wish import AFTER, COUNTED
from napari_selfseg.widgets.views.view import RESULT, SETUP, SegmentView

__all__ = ["SimpleActions"]

AMOUNT: Final = "granularity"


class SimpleActions:
    """Ties the slider before a run to the method, and turns to the result after it.

    Parameters
    ----------
    view : SegmentView
        With the widgets.
    """

    def __init__(self, view: SegmentView) -> None:
        self._view = view
        view.controls.wish.moved.connect(self._on_wish)
        view.setup.changed.connect(self.look)

    def look(self) -> None:
        """Show what is wished for."""
        kind, wish = self._view.setup.method.thing, self._view.controls.wish
        if kind is None:
            return
        usual = {each.name: each.default for each in kind.declared()}
        values: dict[str, Any] = self._view.setup.values
        if AMOUNT in usual:
            n_segments = values.get("n_segments", 0)
            wish.show_wish(values[AMOUNT], usual[AMOUNT], n_segments)
        else:
            wish.show_none(COUNTED if kind.instances else AFTER)

    def ended(self) -> None:
        """Turn to the result, unless somebody is at the settings or there is none."""
        view = self._view
        tuning = view.setup.more.button.isChecked()
        if view.result.there and view.pages.currentIndex() == SETUP and not tuning:
            view.pages.setCurrentIndex(RESULT)

    def _on_wish(self, granularity: float) -> None:
        self._view.setup.fill({AMOUNT: granularity})
