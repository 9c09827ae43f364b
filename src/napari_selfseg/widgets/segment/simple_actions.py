"""What a person meets first: few or many before a run, and the result after it."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtCore import QTimer

from napari_selfseg.widgets.parts.access.attention import Attention
from napari_selfseg.widgets.views.amount.granularity_choice import why_none
from napari_selfseg.widgets.views.view import RESULT, SETUP, SegmentView

__all__ = ["SimpleActions"]

AMOUNT: Final = "granularity"
# How often it is asked whether the mouse is away, once a run has ended.
AGAIN_MS: Final = 200


class SimpleActions:
    """Ties the slider before a run to the method, and turns to the result after it.

    Parameters
    ----------
    view : SegmentView
        With the widgets.
    """

    def __init__(self, view: SegmentView) -> None:
        self._view = view
        self._attention = Attention(view.pages)
        self._again = QTimer(view)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN_MS)
        self._again.timeout.connect(self.ended)
        view.controls.began.connect(self._begin)
        view.controls.granularity.moved.connect(self._on_granularity)
        view.setup.changed.connect(self.look)

    def look(self) -> None:
        """Show the granularity that is chosen."""
        kind, choice = (
            self._view.setup.method.thing,
            self._view.controls.granularity,
        )
        if kind is None:
            return
        usual = {each.name: each.default for each in kind.declared()}
        values: dict[str, Any] = self._view.setup.values
        if AMOUNT in usual:
            n_segments = values.get("n_segments", 0)
            choice.show_granularity(values[AMOUNT], usual[AMOUNT], n_segments)
        else:
            by_tiles = self._view.setup.region.area.thing == "tiles"
            choice.show_none(why_none(finds_objects=kind.instances, by_tiles=by_tiles))

    def ended(self) -> None:
        """Turn to the result, once nothing is under anybody's hand.

        Not where there is none, or somebody is at the settings or did anything on the pages since
        the run began.
        """
        view, attention = self._view, self._attention
        tuning = view.setup.more.button.isChecked() or attention.acted
        if tuning or not view.result.there or view.pages.currentIndex() != SETUP:
            attention.end()
        elif attention.at_hand:
            self._again.start()
        else:
            attention.end()
            view.pages.setCurrentIndex(RESULT)

    def _begin(self) -> None:
        self._again.stop()
        self._attention.begin()

    def _on_granularity(self, granularity: float) -> None:
        self._view.setup.fill({AMOUNT: granularity})
