"""The check box and the choosers of the disagreement, and the layer that follows them."""

from __future__ import annotations

from typing import Any, Final

from superqt.utils import signals_blocked

from napari_selfseg.widgets.evaluate._comparison import resolve
from napari_selfseg.widgets.evaluate._overlay import Disagreeing, Mark, disagreeing
from napari_selfseg.widgets.evaluate._view import EvaluateView
from napari_selfseg.widgets.work.task import Begin

__all__ = ["DisagreementActions"]

WHAT: Final = "The disagreement"


class DisagreementActions:
    """Shows where the chosen labels and truth disagree, as long as that is checked."""

    def __init__(self, viewer: Any, view: EvaluateView, begin: Begin) -> None:
        self._view = view
        self._begin = begin
        self._mark = Mark(viewer)
        self._asked: tuple[Any, ...] | None = None
        self._busy = False
        view.shown.toggled.connect(lambda _: self.follow())
        for each in (view.one, view.other):
            each.chosen.connect(self.follow)
        view.look.chosen.connect(self._look_otherwise)
        for edit in (view.ignore, view.background):
            edit.editingFinished.connect(self.follow)

    def follow(self, again: bool = False) -> None:
        """Show what is chosen, if that is checked.

        `again` compares anew what is shown already, because labels may have changed.
        """
        # Adding and removing layers offers the choosers others, which lead here.
        if self._busy:
            return
        wanted = self._wanted()
        if wanted == self._asked and not (again and wanted):
            return
        self.clear()
        if wanted is not None:
            self._ask(wanted)

    def forget(self, layer: Any) -> None:
        """Let go of a layer that was removed.

        If it is the disagreement itself, that is no longer wanted.
        """
        if layer == self._mark.layer:
            self.close()

    def close(self) -> None:
        """Take the layer away, and show it no more."""
        self.clear()
        with signals_blocked(self._view.shown):
            self._view.shown.setChecked(False)

    def clear(self) -> None:
        """Take the layer away."""
        self._asked = None
        self._busy = True
        try:
            self._mark.take_away()
        finally:
            self._busy = False
        self._view.show_said({})

    def _wanted(self) -> tuple[Any, ...] | None:
        view = self._view
        labels, truth = view.one.thing, view.other.thing
        if not view.shown.isChecked() or labels is None or truth is None:
            return None
        return labels, truth, view.ignore.text(), view.background.text(), view.look.thing

    def _look_otherwise(self) -> None:
        # The legend changes also where nothing is shown.
        self._view.show_said({})
        self.follow()

    def _ask(self, asked: tuple[Any, ...]) -> None:
        self._asked = asked
        labels, truth, ignore, background, look = asked
        try:
            wanted = resolve([labels], [truth], ignore=ignore, background=background)
        except ValueError as error:
            self._view.show_error(str(error))
            return
        self._begin(lambda: disagreeing(wanted, look), lambda found: self._put(asked, found), WHAT)

    def _put(self, asked: tuple[Any, ...], found: Disagreeing) -> None:
        # Something else may have been chosen since, also because a layer was removed.
        if asked is not self._asked:
            return
        self._busy = True
        try:
            self._mark.put(found.where, asked[0])
        finally:
            self._busy = False
        self._view.show_said(found.said)
