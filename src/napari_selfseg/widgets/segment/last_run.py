"""What is left of the last run, of an image, a stack or tiles: one owner of all its actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from napari_selfseg.widgets.canvas.colours.standing_off import free_hues
from napari_selfseg.widgets.canvas.columns import clear_table
from napari_selfseg.widgets.canvas.kept import Kept
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.editing.review_actions import ReviewActions
from napari_selfseg.widgets.editing.subject import Subject
from napari_selfseg.widgets.large.large_session import LargeSession
from napari_selfseg.widgets.large.large_table import LargeTable, has_table
from napari_selfseg.widgets.segment.amount.cut_actions import CutActions
from napari_selfseg.widgets.segment.keep_actions import KeepActions
from napari_selfseg.widgets.segment.result_actions import ResultActions
from napari_selfseg.widgets.segment.scribbles.sorting import Sorting
from napari_selfseg.widgets.views.result_view import NOTHING, OTHER
from napari_selfseg.widgets.views.view import SegmentView
from napari_selfseg.widgets.work.agreement import Cut
from napari_selfseg.widgets.work.finished_run import Outcome
from napari_selfseg.widgets.work.task import Begin

__all__ = ["LastRun"]

OTHERS: Final = "Not measured: these are other segments now. Press Measure."
TILES_ANEW: Final = (
    "No script makes labels of tiles again: the command in their record does (segment --memory)."
)


class LastRun:
    """The labels of the last run, and what can be done with them.

    Parameters
    ----------
    labels : callable
        Returns the labels layers there are.
    cut : callable
        Returns the segments to show; None for classes.
    pending : callable
        Says whether they are still being made.
    """

    def __init__(
        self,
        viewer: Any,
        view: SegmentView,
        begin: Begin,
        labels: Callable[[], list[tuple[str, Any]]],
        cut: Callable[[], Cut | None],
        pending: Callable[[], bool],
    ) -> None:
        self._view = view
        self._session: LargeSession | None = None
        self._iterations = ResultActions(viewer, view, begin, labels, cut, pending, self._follow)
        measured = self._iterations.measure_again
        self._review = ReviewActions(viewer, view, measured, self._sort)
        self._iterations.noted = self._review.sync
        self._iterations.table.given = lambda: (self._review.classes, self._review.names)
        self._large = LargeTable(
            view,
            begin,
            view.controls.say,
            self._iterations.table.given,
            self._iterations.table.open,
            self._turn,
        )
        view.result.measure.clicked.connect(self._measure)
        view.result.save_table.clicked.connect(self._save_table)
        self._keep = KeepActions(view, begin, self._kept)
        self._cuts = CutActions(view.controls, begin, self._recut)
        self._sorting: Sorting = Sorting(begin, lambda: self.outcome, self._review.sort)

    @property
    def outcome(self) -> Outcome | None:
        """What is left of the run of an image; None where it was none, or nothing is."""
        return self._iterations.outcome

    @property
    def layer(self) -> Any:
        """The layer with the labels; None where nothing is left."""
        left = self.outcome or self._session
        return None if left is None else left.layer

    def names_of(self, layer: Any) -> dict[int, str]:
        """Return names that classes of a layer have from scribbles."""
        outcome = self.outcome
        own = outcome is not None and layer == outcome.layer
        return self._iterations.table.class_names(outcome) if own else {}

    @property
    def resumable(self) -> LargeSession | None:
        """The last stack or tiles, where something of it is left to do."""
        session = self._session
        return session if session is not None and session.resumable else None

    def put(self, left: Outcome | LargeSession | None) -> None:
        """Work on another run, which has ended, or on none."""
        self._review.sync()
        self._review.put(None)
        self._iterations.put(left if isinstance(left, Outcome) else None)
        self._put_session(left if isinstance(left, LargeSession) and left.kept else None)
        self._follow()

    def step_back(self) -> Outcome | None:
        """Show what there was before *Continue*; None where there is nothing."""
        self._review.sync()
        return None if (outcome := self.outcome) is None else outcome.step_back()

    def refresh(self) -> None:
        """Show what is chosen of the run of an image."""
        self._iterations.refresh()

    def turn_to(self, image: Any) -> bool:
        """Offer what can be done with the labels where they are those of an image.

        Say whether they are.
        """
        there, session = self._iterations.turn_to(image), self._session
        if session is not None:
            there = bool(image == session.source)
            if there:
                copying = TILES_ANEW if session.request.tiles else ""
                self._view.result.show_large(copying, has_table(session.layer))
            else:
                self._view.result.show_labels(OTHER.format(name=session.source.name))
        self._iterations.table.turn(there=there)
        return there

    def _turn(self) -> None:
        """Offer what can be done now, with the image that is chosen."""
        self.turn_to(self._view.setup.image.thing)

    def _measure(self) -> None:
        if (session := self._session) is not None:
            self._review.sync()
            self._large.measure(session)

    def _recut(self) -> None:
        """Drop what was measured of segments that are others now."""
        session = self._session
        if self._large.at_work:
            self._large.stop()
            self._view.controls.say(OTHERS)
        if session is not None and has_table(session.layer):
            clear_table(session.layer)
            self.turn_to(session.source)

    def _save_table(self) -> None:
        if (session := self._session) is not None:
            self._iterations.table.save(session.layer)

    def forget(self, layer: Any) -> None:
        """Let go of a run whose labels, or whose image, were removed."""
        there = self.outcome is not None
        self._iterations.forget(layer)
        if there and self.outcome is None:
            self._review.put(None)
        if self._session is not None and layer == self._session.layer:
            self._review.put(None)
            self._put_session(None)
            self._view.result.show_labels(NOTHING)

    def _put_session(self, session: LargeSession | None) -> None:
        if self._session is not None:
            self._session.layer.events.paint.disconnect(self._on_paint)
        self._large.forget()
        self._session = session
        self._cuts.put(session)
        if session is not None:
            session.layer.events.paint.connect(self._on_paint)
            self.turn_to(session.source)

    def _follow(self) -> None:
        """Let the labels that are shown now be corrected."""
        if left := self.outcome or self._session:
            given = left.layer, left.request, self._note, left.held, left.objects
            self._review.put(Subject(*given, free_hues(left.source)))
            self._sort()

    def _note(self, edits: Sequence[Mapping[str, Any]]) -> None:
        """Note corrections in the record; what was measured of a stack is measured again."""
        if left := self.outcome or self._session:
            left.correct(edits)
        if self._session is not None:
            self._large.changed()

    def _sort(self) -> None:
        """Find out which kinds the objects are of that are shown now."""
        self._sorting.look()

    def _kept(self) -> Kept | None:
        self._review.sync()
        left = self.outcome or self._session
        if left is None:
            return None
        return replace(left.keeping, names=self._iterations.table.class_names(self.outcome))

    def _on_paint(self, event: object = None) -> None:
        """Note what nobody records: strokes on labels that are not in memory."""
        if self._session is not None and not self._review.there:
            metadata = self._session.layer.metadata
            metadata[METADATA] = {**metadata.get(METADATA, {}), "edited": True}
            self._large.changed()
