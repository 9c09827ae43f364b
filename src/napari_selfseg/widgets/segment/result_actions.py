"""The labels of the last run: the slider over its iterations, and the buttons of its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QTimer
from superqt.utils import signals_blocked

from napari_selfseg.widgets.canvas.layers import part_sizes
from napari_selfseg.widgets.editing.table_actions import TableActions
from napari_selfseg.widgets.model.measure import unit_of
from napari_selfseg.widgets.model.sizes import Sizes, scale_of
from napari_selfseg.widgets.views.result_view import FINISHED, NOTHING, OTHER
from napari_selfseg.widgets.views.view import SegmentView
from napari_selfseg.widgets.work.agreement import Cut
from napari_selfseg.widgets.work.finished_run import Outcome
from napari_selfseg.widgets.work.label_finder import Found, LabelChoice
from napari_selfseg.widgets.work.task import Begin

if TYPE_CHECKING:
    from napari_selfseg.instances import AsObjects

__all__ = ["ResultActions"]

# What is shown rests when nothing else was asked for in so many milliseconds.
REST_MS: Final = 250
EDITED: Final = "The labels you edited are in {name}, hidden; these are without your corrections."


class ResultActions:
    """What can be done with the labels of a run.

    Parameters
    ----------
    labels : callable
        Returns the labels layers there are.
    cut : callable
        Returns the segments to show; None for classes.
    pending : callable
        Says whether they are still being made.
    shown : callable
        Called when other labels are shown.

    Attributes
    ----------
    noted : callable
        Called before, so that what was painted is in the record.
    table : TableActions
        Of what is measured.
    """

    def __init__(
        self,
        viewer: Any,
        view: SegmentView,
        begin: Begin,
        labels: Callable[[], list[tuple[str, Any]]],
        cut: Callable[[], Cut | None],
        pending: Callable[[], bool],
        shown: Callable[[], None],
    ) -> None:
        self.table = TableActions(viewer, view, begin, labels)
        self.noted: Callable[[], None] = lambda: None
        self._shown = shown
        self.outcome: Outcome | None = None
        self._wanted: LabelChoice | None = None  # and not shown yet
        self._making = False
        self._measuring_next = False
        self._image: Any = None
        self._left: Any = None  # the layer that labels somebody edited stay in
        self._viewer = viewer
        self._view = view
        self._begin = begin
        self._labels = labels
        self._cut, self._pending = cut, pending
        self._rest = QTimer(view)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._find)
        self._again = QTimer(view)
        self._again.setSingleShot(True)
        self._again.setInterval(REST_MS)
        self._again.timeout.connect(lambda: self._measure(opened=False))
        self._connect()

    def put(self, outcome: Outcome | None) -> None:
        """Work on another run, or on none."""
        if self.outcome is not None:
            self.outcome.mark_edits()
        self.table.close()
        self.outcome = outcome
        self._image = None if outcome is None else outcome.source
        self._wanted, self._making, self._measuring_next = None, False, False
        self._left = None
        self._rest.stop()
        self._again.stop()
        result, controls = self._view.result, self._view.controls
        result.show_only(_own(outcome))
        finished = outcome is not None and outcome.request.finish is not None
        with signals_blocked(result.kind, result.smallest, result.outlines):
            result.kind.choose(FINISHED[1] if finished else "classes")
            result.smallest.setValue(0)
            if outcome is not None:
                result.outlines.choose(outcome.request.method.outlines)
        controls.timeline.offer(outcome.run.iterations if outcome else ())
        if outcome is not None:
            controls.show_losses(outcome.run.losses)
            self._begin_limits(outcome)
        self._show()

    def turn_to(self, image: Any) -> bool:
        """Offer what can be done with the labels where they are those of an image.

        Say whether they are.
        """
        self._image = image
        self._show()
        return self.outcome is not None and image == self.outcome.source

    def forget(self, layer: Any) -> None:
        """Let go of a run whose labels or image were removed."""
        if self.outcome is not None and layer in (self.outcome.layer, self.outcome.source):
            self.put(None)

    # Labels

    def refresh(self) -> None:
        """Show what is chosen."""
        outcome, at = self.outcome, self._view.controls.timeline.iteration
        if outcome is None or at is None:
            return
        cut, result = self._cut(), self._view.result
        result.show_only(_own(self.outcome) if cut is None else "Segments")
        wanted = self._chosen(outcome, at, cut)
        result.show_objects(wanted.finish is not None)
        self._rest.stop()
        if outcome.finder.quick(wanted):
            self._put_wanted(outcome, outcome.finder.find(wanted))
            return
        self._wanted = wanted
        if outcome.finder.quick(wanted.at_once):
            # What is dragged shows as it comes; its outlines follow once it rests.
            self._put_labels(outcome, outcome.finder.find(wanted.at_once))
            self._rest.start()
        else:
            self._find()

    def _chosen(self, outcome: Outcome, at: int, cut: Cut | None) -> LabelChoice:
        """Return what the page says."""
        result = self._view.result
        if (finish := self._finish(outcome)) is not None:
            return LabelChoice(at, cut=cut, outlines=result.outlines.thing, finish=finish)
        pieces = cut is None and result.kind.thing == "objects"
        return LabelChoice(at, pieces, result.smallest.value(), cut, result.outlines.thing)

    def _finish(self, outcome: Outcome) -> AsObjects | None:
        """Return what objects are asked for; None where labels are to be none."""
        from napari_selfseg.instances import AsObjects

        limits, request = self._view.result.limits, outcome.request
        if not (request.method.instances or self._view.result.kind.thing == FINISHED[1]):
            return None
        (smallest, largest), begun = limits.limits, request.finish
        how = begun if isinstance(begun, AsObjects) else AsObjects()
        found: AsObjects = how.replace(
            smallest=smallest, largest=largest, at_border=limits.at_border.isChecked()
        )
        return found

    def _begin_limits(self, outcome: Outcome) -> None:
        """Offer the limits of objects, all of which are shown at the end of a run."""
        result, layer = self._view.result, outcome.layer
        result.limits.reset()
        sizes = part_sizes(layer, outcome.request.index)
        result.limits.show_scale(scale_of(sizes, unit_of(layer)))
        there = outcome.request.makes_objects
        result.show_objects(there)
        if there:
            result.limits.show_sizes(Sizes.of(outcome.labels()))

    def _find(self) -> None:
        """Make what is wanted in a worker thread, one at a time."""
        outcome, wanted = self.outcome, self._wanted
        if outcome is None or wanted is None or self._making:
            return

        def work() -> Found | Exception:
            try:
                return outcome.finder.find(wanted)
            except Exception as error:  # told in `put`, so that others can be made
                return error

        def put(found: Found | Exception) -> None:
            if outcome is self.outcome:
                self._making = False
                self._take(outcome, wanted, found)

        self._making = True
        self._begin(work, put, "Showing the labels")

    def _take(self, outcome: Outcome, wanted: LabelChoice, found: Found | Exception) -> None:
        latest = self._wanted
        if latest is None:
            return
        if isinstance(found, Exception):
            self._wanted, self._measuring_next = None, False
            raise found
        if latest == wanted:
            self._put_wanted(outcome, found)
        # Meanwhile the slider may have gone on.
        elif not self._rest.isActive():
            if not outcome.finder.quick(latest.at_once):
                self._put_labels(outcome, found)
            self._find()

    def _put_wanted(self, outcome: Outcome, found: Found) -> None:
        self._wanted = None
        self._put_labels(outcome, found)
        if self._measuring_next:
            self._measure()

    def _put_labels(self, outcome: Outcome, found: Found) -> None:
        self.noted()
        if outcome.edited:
            self._left = outcome.layer
        outcome.show(found)
        if found.sizes is not None:
            self._view.result.limits.show_sizes(found.sizes)
        self._shown()
        self._view.controls.say(self._words(found))
        self._show()

    def _words(self, found: Found) -> str:
        """Say what is shown, and for as long as they are there where corrected labels are."""
        if self._left is None or self._left not in self._viewer.layers:
            return self._number(found)
        return f"{self._number(found)} {EDITED.format(name=self._left.name)}".strip()

    def _number(self, found: Found) -> str:
        wanted = found.wanted
        if found.sizes is not None:
            total = len(found.sizes.pixels)
            kept = f"{found.count} of {total}" if found.count < total else f"{total}"
            return f"{kept} object{'s' * (total != 1)}."
        if wanted.cut is not None:
            # Their number stands beside the slider, but not what is left of the large ones.
            merged = f"{found.count} segments of {wanted.smallest} pixels or more."
            said = self._view.controls.status.text() if self._left is None else ""
            return merged if wanted.smallest else said
        what = "pieces" if wanted.objects else "labels"
        return f"Iteration {wanted.iteration}: {found.count} {what}."

    def measure_again(self) -> None:
        """Measure labels that were corrected, once nothing more is corrected for a moment."""
        self._again.start()

    def _measure(self, *, opened: bool = True) -> None:
        self.noted()
        outcome = self.outcome
        # What is measured is what was chosen, also where that is not shown yet.
        self._measuring_next = self._wanted is not None or self._pending()
        if outcome is None or self._measuring_next:
            return
        self.table.measure(outcome, lambda: self.outcome, self._show, opened=opened)

    def _save_table(self) -> None:
        if self.outcome is not None:
            self.table.save(self.outcome.layer)

    def _show(self) -> None:
        outcome = self.outcome
        if outcome is None:
            self._view.result.show_labels(NOTHING)
        elif outcome.source != self._image:
            self._view.result.show_labels(OTHER.format(name=outcome.source.name))
        else:
            self._view.result.show_labels("", len(outcome.layer.features.columns) > 0)

    def _on_outlines(self) -> None:
        self._view.setup.fill({"outlines": self._view.result.outlines.thing})
        self.refresh()

    def _connect(self) -> None:
        result = self._view.result
        self._view.controls.timeline.moved.connect(lambda _: self.refresh())
        result.kind.chosen.connect(self.refresh)
        result.smallest.valueChanged.connect(lambda _: self.refresh())
        result.limits.changed.connect(self.refresh)
        result.outlines.chosen.connect(self._on_outlines)
        result.measure.clicked.connect(lambda: self._measure())
        result.save_table.clicked.connect(self._save_table)


def _own(outcome: Outcome | None) -> str:
    """Return what a method's own labels are called where they are no classes."""
    return "Objects" if outcome is not None and outcome.request.method.instances else ""
