"""The Review page: clicks, strokes, keys and buttons that correct the result in its layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from qtpy.QtCore import QTimer

from napari_selfseg.widgets.canvas.columns import our_columns, our_table, write_table
from napari_selfseg.widgets.editing import words
from napari_selfseg.widgets.editing.class_actions import ClassActions
from napari_selfseg.widgets.editing.keys import HISTORY, KEYS, Keys
from napari_selfseg.widgets.editing.marks import Marks
from napari_selfseg.widgets.editing.mouse import Mouse
from napari_selfseg.widgets.editing.presence import Presence
from napari_selfseg.widgets.editing.reviewer import Reviewer, Tool
from napari_selfseg.widgets.editing.subject import Subject
from napari_selfseg.widgets.editing.table import OWN, Told, followed
from napari_selfseg.widgets.views.review_view import NOTHING
from napari_selfseg.widgets.views.view import SegmentView

__all__ = ["ReviewActions"]

MARKS: Final = ("Selected objects", "Cut here")
DOT: Final = 7
LINE: Final = 2
HELD: Final = "reviewer"


class ReviewActions:
    """Corrects the labels of the last run.

    `measured` is called when a table that was measured is out of date.
    """

    def __init__(
        self,
        viewer: Any,
        view: SegmentView,
        measured: Callable[[], None],
        corrected: Callable[[], None],
    ) -> None:
        self._viewer, self._view, self._page = viewer, view, view.review
        self._measured, self._corrected = measured, corrected
        self._reviewer: Reviewer | None = None
        self._keys: Keys | None = None
        self._presence = Presence(view.pages, "Review")
        self._marks: Marks | None = None
        self._mouse = Mouse(viewer, self._on_click, self._on_sweep, self._on_end, self._draws)
        say = view.controls.say
        self._kinds = ClassActions(view, say, self._give, self._rename)
        self._busy = False
        self._connect()

    @property
    def there(self) -> bool:
        """Whether there are labels that can be corrected."""
        return self._reviewer is not None

    @property
    def classes(self) -> dict[int, int]:
        """Class by object, of those that have one."""
        return {} if self._reviewer is None else self._reviewer.classes

    @property
    def names(self) -> dict[int, str]:
        """Names of classes."""
        return self._kinds.names

    def put(self, subject: Subject | None) -> None:
        """Correct other labels, or none.

        The last ones may be others by now: call `sync` before.
        """
        marks = self._marks
        if subject is not None and marks is not None and marks.suit(subject.layer):
            self._marks = None  # and on with them: adding layers takes a moment
        else:
            marks = None
        self._let_go()
        self._marks = marks
        reason = NOTHING
        if subject is not None:
            try:
                self._reviewer, reason = self._begun(subject), ""
            except ValueError as error:
                reason = str(error)
        self._page.show_subject(reason, objects=subject is None or subject.objects)
        if self._reviewer is not None:
            layer = self._reviewer.subject.layer
            layer.events.paint.connect(self._on_paint)
            layer.events.mode.connect(self._on_mode)
            self._keys = Keys(layer)
            self._keys.bind(HISTORY, self._press)
            self._kinds.begin(layer, self.classes, self._reviewer.subject.hues)
        self._turn()

    def sort(self, found: Told, names: Mapping[int, str]) -> None:
        """Give objects the kinds that they were found to be of."""
        if self._reviewer is not None and self._reviewer.fresh:
            self._kinds.sort(self._reviewer, found, names)
            self._show()

    def _begun(self, subject: Subject) -> Reviewer:
        """Go on with what was corrected before a run of which nothing came, or begin."""
        last = subject.held.get(HELD)
        if isinstance(last, Reviewer) and last.suits(subject):
            return last
        made = subject.held[HELD] = Reviewer(self._viewer, subject)
        return made

    def sync(self) -> None:
        """Take note of what was painted."""
        if self._reviewer is not None and self._reviewer.fresh:
            self._reviewer.sync()

    def _let_go(self) -> None:
        reviewer, self._reviewer = self._reviewer, None
        self._put_away()
        if reviewer is None:
            return
        layer = reviewer.subject.layer
        layer.events.paint.disconnect(self._on_paint)
        layer.events.mode.disconnect(self._on_mode)
        if self._keys is not None:
            self._keys.release()
        self._keys = None
        self._kinds.let_go(corrected=bool(reviewer.corrections))

    # The page in front

    def _turn(self) -> None:
        """Listen to the mouse and to keys while the page is in front."""
        if not self._presence.there or self._reviewer is None:
            self._put_away()
        else:
            self._listen(self._reviewer.subject.layer)
        self._show()

    def _cover(self, covered: bool) -> None:
        """Take the marks out while a dialog is open: who saves all layers saves none of them."""
        if self._marks is not None and covered:
            self._marks.remove()
        elif self._marks is not None:
            self._marks.put_back()

    def _listen(self, layer: Any) -> None:
        if self._marks is None:
            self._viewer.layers.selection.active = layer
            layer.mode = "pan_zoom"
            self._marks = Marks(self._viewer, layer, MARKS, DOT, LINE)
        self._mouse.listen(True)
        if self._keys is not None:
            self._keys.bind(KEYS, self._press)
            self._keys.watch_space()

    def _put_away(self) -> None:
        self._mouse.listen(False)
        if self._keys is not None:
            self._keys.release(HISTORY)
        if self._reviewer is not None:
            self._reviewer.take(None)
        marks, self._marks = self._marks, None
        if marks is not None:
            marks.remove()

    def _draws(self) -> bool:
        reviewer, keys = self._reviewer, self._keys
        held = keys is not None and keys.moving
        return reviewer is not None and reviewer.tool is not None and not held

    def _toggle(self, tool: Tool) -> None:
        reviewer = self._reviewer
        if reviewer is not None:
            reviewer.take(None if reviewer.tool == tool else tool)
            layer = reviewer.subject.layer
            self._viewer.layers.selection.active = layer
            layer.mode = "pan_zoom"
            if reviewer.tool is not None:
                # What to do with it, and how to be done without: a press alone corrects nothing.
                self._view.controls.say(" ".join(self._page.tools[tool].toolTip().splitlines()[:2]))
        self._show()

    # What is done

    def _on_click(self, position: Sequence[float]) -> None:
        self._do(lambda found: found.click(position, self._kinds.number))

    def _on_sweep(self, position: Sequence[float]) -> None:
        reviewer = self._reviewer
        if reviewer is None or reviewer.tool is None or self._why_not(reviewer):
            return
        reviewer.sweep(position)
        self._show_marks()

    def _on_end(self) -> None:
        if self._draws():
            self._do(lambda found: found.end(self._kinds.number))

    def _press(self, name: str) -> None:
        here = self._viewer.cursor.position
        if name == "other class":
            self._kinds.turn()
            return
        acts: dict[str, Callable[[Reviewer], str]] = {
            "join": lambda found: found.join(here),
            "cut": lambda found: found.cut(here),
            "delete": lambda found: found.delete(here),
            "add": lambda found: found.add(here),
            "classify": lambda found: found.classify(here, self._kinds.number),
            "undo": lambda found: found.undo(),
            "redo": lambda found: found.redo(),
            "next": lambda found: found.next(),
            "back": lambda found: found.next(-1),
        }
        if self._allowed(name):
            self._do(acts[name])

    def _allowed(self, name: str) -> bool:
        """Say whether a key may do something with labels of this kind."""
        reviewer = self._reviewer
        return reviewer is not None and (
            reviewer.subject.objects or name in ("join", "cut", "undo", "redo")
        )

    def _do(self, act: Callable[[Reviewer], str]) -> None:
        """Act, and say what was done, or why not."""
        reviewer, controls = self._reviewer, self._view.controls
        # Moving the view lets Qt handle events, and so perhaps another key.
        if reviewer is None or self._busy:
            return
        self._busy, before, certainty = True, reviewer.corrections, reviewer.certainty
        try:
            if why := self._why_not(reviewer):
                raise ValueError(why)
            reviewer.sync()
            controls.say(act(reviewer))
        except (ValueError, OSError, MemoryError) as error:
            controls.show_error(str(error))
        finally:
            self._busy = False
        corrected = reviewer.corrections != before
        if corrected or reviewer.certainty != certainty:
            self._follow(reviewer, corrected=corrected)
        self._show()

    def _why_not(self, reviewer: Reviewer) -> str:
        layer = reviewer.subject.layer
        if not reviewer.fresh:
            return words.OTHERS
        if not layer.editable:
            return words.LIVE
        if self._viewer.dims.ndisplay == 3:
            return words.FLAT
        return "" if layer.visible else words.HIDDEN.format(name=layer.name)

    def _on_paint(self, event: object = None) -> None:
        # napari says so before it writes where it is no stroke of the mouse.
        QTimer.singleShot(0, self._note_paint)

    def _note_paint(self) -> None:
        reviewer = self._reviewer
        if reviewer is not None and reviewer.fresh and reviewer.sync():
            self._view.controls.say(words.PAINTED)
            self._follow(reviewer)
            self._show()

    def _on_mode(self, event: object = None) -> None:
        """Put the tool away where one of napari's is taken up."""
        reviewer = self._reviewer
        if reviewer is not None and str(reviewer.subject.layer.mode) != "pan_zoom":
            reviewer.take(None)
            self._show()

    def _follow(self, reviewer: Reviewer, *, corrected: bool = True) -> None:
        """Let layer, table and colours follow the labels."""
        layer, objects = reviewer.subject.layer, reviewer.objects
        layer.refresh()
        measured = bool(our_columns(layer) - OWN)
        if reviewer.subject.objects:
            changed = objects.touched if corrected else frozenset[int]()
            told = objects, self.names, reviewer.certainty, changed
            planes = bool(reviewer.subject.axes)
            write_table(layer, followed(our_table(layer), *told, planes=planes))
        if measured and corrected:
            self._measured()
        self._kinds.paint(objects.classes)
        if corrected:
            self._corrected()

    def _give(self) -> None:
        """Take up the tool that gives the class that was clicked."""
        if self._reviewer is not None and self._reviewer.tool != "class":
            self._toggle("class")

    def _rename(self) -> None:
        reviewer = self._reviewer
        if reviewer is not None and len(reviewer.subject.layer.features.columns):
            self._follow(reviewer)

    # What is shown

    def _show(self) -> None:
        reviewer = self._reviewer
        if reviewer is None:
            self._page.show_tool(None)
        # Objects are counted where somebody sees it: the slider of iterations is not to wait.
        if reviewer is None or not self._presence.there:
            return
        self._page.show_tool(reviewer.tool)
        edits = reviewer.objects
        self._page.show_history(edits.undoable, edits.redoable, reviewer.before)
        subject, done = reviewer.subject, len(reviewer.corrections)
        told = subject.layer.name, edits, done
        self._page.show_about(words.about(*told, objects=subject.objects))
        self._show_marks()

    def _show_marks(self) -> None:
        if self._marks is not None and self._reviewer is not None:
            reviewer = self._reviewer
            self._marks.show(list(reviewer.selected), reviewer.marked())
            self._marks.refresh()

    def _connect(self) -> None:
        page = self._page
        for name, each in page.tools.items():
            each.clicked.connect(lambda _, name=name: self._toggle(name))
        page.undo.clicked.connect(lambda: self._press("undo"))
        page.redo.clicked.connect(lambda: self._press("redo"))
        page.next.clicked.connect(lambda: self._press("next"))
        page.back.clicked.connect(lambda: self._press("back"))
        self._presence.turned.connect(self._turn)
        self._presence.covered.connect(self._cover)
