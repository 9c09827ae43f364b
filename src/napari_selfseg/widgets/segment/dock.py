"""The Segment dock: choose, run, watch, stop, and work on with the labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from napari_selfseg.machine.memory import keep_freed_memory
from napari_selfseg.widgets.canvas import settings
from napari_selfseg.widgets.canvas.layer_watcher import LayerWatcher
from napari_selfseg.widgets.estimates.forecast import Forecast
from napari_selfseg.widgets.large.large_session import LargeSession
from napari_selfseg.widgets.model.choices import Choices, load
from napari_selfseg.widgets.model.image_source import Picture
from napari_selfseg.widgets.model.kept import presets
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.model.state import A_STACK, NO_IMAGE, Missing
from napari_selfseg.widgets.parts.access.keys import EARLIER, LATER, OUTLINED, RUN, STOP, Presses
from napari_selfseg.widgets.segment.amount.agreement_actions import AgreementActions
from napari_selfseg.widgets.segment.continue_actions import ContinueActions
from napari_selfseg.widgets.segment.fit_actions import FitActions
from napari_selfseg.widgets.segment.form_feedback import Guide
from napari_selfseg.widgets.segment.last_run import LastRun
from napari_selfseg.widgets.segment.launcher import Launcher
from napari_selfseg.widgets.segment.live import Live
from napari_selfseg.widgets.segment.looks.looks import Looks
from napari_selfseg.widgets.segment.scribbles.strokes import Strokes
from napari_selfseg.widgets.segment.setup_actions import SetupActions
from napari_selfseg.widgets.segment.simple_actions import SimpleActions
from napari_selfseg.widgets.segment.subject_actions import SubjectActions
from napari_selfseg.widgets.segment.tour.tour import Tour
from napari_selfseg.widgets.views.view import SegmentView
from napari_selfseg.widgets.work.dock.work_dock import DockBase
from napari_selfseg.widgets.work.finished_run import Outcome
from napari_selfseg.widgets.work.live_job import Ended
from napari_selfseg.widgets.work.live_session import LiveSession
from napari_selfseg.widgets.work.session import Session

if TYPE_CHECKING:
    from napari import Viewer

__all__ = ["SegmentDock"]

READY: Final = "Ready."
TAKEN_BACK: Final = "Taken back: the labels are those before Continue."


class SegmentDock(DockBase):
    """Segment an image of the viewer, live."""

    view: SegmentView
    remembered_as = "segment"

    def __init__(self, napari_viewer: Viewer) -> None:
        view = SegmentView(presets.Presets(presets.default_path()))
        super().__init__(napari_viewer, view, view.controls.show_error)
        self._settings = settings.read()
        self._forecast = Forecast(self._settings.memory_limit)
        self._threads = self._settings.threads
        self._last_words, self._spoken_of = "", None
        self._start_when_loaded = self._asks_of_stacks = False
        self._open = False
        begin, threads = self._tasks.begin, lambda: self._threads
        self._watch = LayerWatcher(
            napari_viewer,
            lambda: self._setup.offer(),
            self._on_removed,
            self._on_view,
            lambda: self._setup.offer_images(),
        )
        self._setup = SetupActions(
            napari_viewer, self.view, self._watch, threads, self._acted_on, begin
        )
        self._segments = AgreementActions(
            napari_viewer,
            self.view.controls,
            self._tasks,
            self._show_segments,
            self._drawn,
            lambda: 0 if (found := self._results.outcome) is None else found.count,
        )
        self._strokes = Strokes(self.view.setup.scribbles, self._segments.strokes_changed)
        self._results = LastRun(
            napari_viewer,
            self.view,
            begin,
            self._watch.labels,
            lambda: self._segments.cut,
            lambda: self._segments.pending,
        )
        self._fits = FitActions(
            napari_viewer,
            self.view,
            begin,
            threads,
            lambda: self.live,
            lambda *wanted: self._launcher.label(*wanted),
            self._on_change,
        )
        controls, forecast = self.view.controls, self._forecast
        self._guide = Guide(controls, self._tasks, forecast, self._asked, self._idle_words)
        self._live = Live(controls, self._segments.follow, self._finish)
        self._launcher = Launcher(napari_viewer, controls, forecast, self._launch)
        self.view.setup.stack.fits = self._has_room
        self._continue = ContinueActions(
            self.view,
            self._setup,
            self._results,
            self._fits,
            lambda: self._live.busy,
        )
        self._subject = SubjectActions(
            self.view, self._results, lambda: self._live.session, self._idle_words
        )
        self._looks = Looks(napari_viewer, self.view, self._results, lambda: self._live.session)
        self._simple = SimpleActions(self.view)
        self._tour = Tour(napari_viewer, self, self.view, self.start)
        self._connect_widgets()
        # Threads that start later share one heap with it.
        keep_freed_memory()
        self._open_from_now()

    @property
    def live(self) -> bool:
        """Whether a run is live."""
        return self._live.session is not None

    @property
    def busy(self) -> bool:
        """Whether a run is live, or anything else is being made."""
        return self.live or self._tasks.busy

    @property
    def loaded(self) -> bool:
        """Whether the methods are there."""
        return self.view.setup.loaded

    def start(self) -> None:
        """Start a run with what is filled in, as soon as the methods are loaded."""
        if not self.loaded:
            self._start_when_loaded = True
        else:
            self._start()

    def start_on_plane(self) -> None:
        """Start a run where the image is a plane; of a stack say that its part has to be chosen."""
        self._asks_of_stacks = True
        self.start()

    def resume(self) -> None:
        """Start a run that goes on from what was learned."""
        if not self._live.busy:
            self._continue.go_on(self._launcher)

    def take_back(self) -> None:
        """Put back the labels and the run that there were before *Continue*."""
        if (outcome := self._continue.take_back()) is not None:
            run, total = outcome.run, outcome.request.method.updates
            self.view.controls.show_step(run.iteration, total, TAKEN_BACK, {})
            self._segments.begin(outcome.source, outcome.request, kept=True)
            self._show_end(outcome, TAKEN_BACK, outcome.source)
            self._on_change()

    def take_tour(self) -> None:
        """Show what there is, in a tour of one minute."""
        self._tour.begin()

    def stop(self) -> None:
        """Ask the live run to end and settle its labels; asked twice, it ends as it is."""
        self._live.stop()

    # Opened and closed

    def _presses(self) -> Presses:
        controls = self.view.controls
        return {
            RUN: controls.run.click,
            STOP: controls.stop.click,
            EARLIER: lambda: controls.step(-1),
            LATER: lambda: controls.step(1),
            OUTLINED: self._looks.toggle,
        }

    def _begin(self) -> None:
        self._open = True
        super()._begin()
        self._looks.begin()
        if not self.loaded:
            self._tasks.begin(load, self._populate, "Loading the methods")

    def _end(self) -> None:
        self._open = False
        self._tour.end()
        self._guide.stop()
        super()._end()
        self._looks.end()
        self._setup.close()
        self._strokes.close()
        self._live.leave()
        self._results.put(None)
        self._segments.close()

    # Layers

    def _acted_on(self) -> Any:
        """Return the labels that strokes act on; None where there are none."""
        outcome = self._results.outcome
        return outcome.layer if outcome is not None and self._segments.binds else None

    def _on_removed(self, layer: Any) -> None:
        self._results.forget(layer)
        if not self.live and self._results.layer is None:
            self._segments.clear()
            self._subject.turn()
        self._live.forget(layer)
        self._looks.look()

    # What is filled in

    def _populate(self, choices: Choices) -> None:
        self._threads = self._settings.threads or choices.threads
        self.view.setup.populate(choices, self._settings.device)
        self._memory.recall()
        self._setup.offer()
        image = self.view.setup.image.thing
        self.view.controls.show_ready(READY if image is not None else NO_IMAGE)
        self._tour.offer()
        if self._start_when_loaded:
            self._start()

    def _on_change(self) -> None:
        if self._open:
            self._subject.look()
            self._continue.look()
            self._guide.changed()

    def _on_view(self) -> None:
        if self.view.setup.region.area.thing == "view":
            self._on_change()

    def _asked(self) -> Request | Missing | None:
        """Return what is filled in; None where no run could be started now."""
        return None if self.live or not self.loaded else self._setup.request()

    def _idle_words(self) -> str:
        about = self.view.setup.image.thing in (self._spoken_of, None)
        return (self._last_words if about else "") or READY

    def _has_room(self, picture: Picture, shape: Sequence[int]) -> bool:
        """Say whether the chosen method has the memory for an image of some shape."""
        kind = self.view.setup.method.thing
        return kind is None or self._forecast.fits(kind(), picture, shape)

    # A run

    def _start(self) -> None:
        if self._live.busy:
            return
        asked, self._asks_of_stacks = self._asks_of_stacks, False
        if asked and not self.view.setup.stack.isHidden():
            self.view.controls.say(A_STACK)
            return
        found = self._setup.request()
        if isinstance(found, Missing):
            self.view.controls.show_error(found.sentence)
        else:
            self._launcher.start(self.view.setup.image.thing, found)

    def _launch(self, make: Callable[[], LiveSession]) -> None:
        """Let go of the last session, and begin another."""

        def made() -> LiveSession:
            self._last_words = ""
            self._live.expect(self._guide.begun())
            self._results.put(None)
            session = make()
            if isinstance(session, Session):
                self._segments.begin(session.source, session.request)
            return session

        self._live.begin(made)
        if (session := self._live.session) is not None and session.request.after is not None:
            self.view.controls.show_losses(session.request.after.losses)
        self._subject.look()

    def _finish(self, sentence: str, session: LiveSession, message: Ended | None) -> None:
        pieces = session if isinstance(session, LargeSession) and message is not None else None
        self._show_end(session.outcome or pieces, sentence, session.source)
        if message is not None:
            self._keep(session, message)
        self._simple.ended()
        self._on_change()
        self.ended.emit()

    def _show_end(self, left: Outcome | LargeSession | None, sentence: str, source: Any) -> None:
        """Show what is left of a run of an image, and say so."""
        if not isinstance(left, Outcome):
            self._segments.clear()
        self._results.put(left)
        if isinstance(left, Outcome):
            self._segments.follow(left.moment, ended=True)
        self._last_words, self._spoken_of = sentence, source
        other = self.view.setup.image.thing not in (source, None)
        self.view.controls.show_ready(f"{source.name}: {sentence}" if other else sentence)
        self._subject.turn()
        self._looks.look()

    def _keep(self, session: LiveSession, message: Ended) -> None:
        self._fits.take_from(session.outcome)
        if isinstance(session, LargeSession) and session.fit is not None:
            self._fits.put(session.fit, session.request.superpixels)
        if message.failed:
            self._last_words = ""
            self.view.controls.show_error(message.sentence)

    def _drawn(self) -> NDArray[Any] | None:
        """Read what is drawn over the image whose labels are shown."""
        shown = self._live.session or self._results.outcome
        if not isinstance(shown, Session | Outcome):
            return None
        return self._strokes.over(shown.source, shown.request, shown.layer)

    def _show_segments(self) -> None:
        session = self._live.session
        if session is None:
            self._results.refresh()
        elif isinstance(session, Session):
            session.show(self._segments.cut)

    def _connect_widgets(self) -> None:
        setup, controls = self.view.setup, self.view.controls
        controls.run.clicked.connect(self.start)
        controls.resume.clicked.connect(self.resume)
        controls.stop.clicked.connect(self.stop)
        controls.back.clicked.connect(self.take_back)
        controls.remedies.chosen.connect(self._setup.follow)
        setup.changed.connect(self._on_change)
        setup.refused.connect(controls.show_error)
