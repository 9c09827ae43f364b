"""Labels of the last stack or tiles: saved, copied as Python, marked when somebody paints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from qtpy.QtWidgets import QApplication

from napari_selfseg.widgets.canvas.label_storage import letters, save_room
from napari_selfseg.widgets.canvas.layers import METADATA, sizes_of
from napari_selfseg.widgets.large.large_session import LargeSession
from napari_selfseg.widgets.model.continuing import Continuation
from napari_selfseg.widgets.model.measure import unit_of
from napari_selfseg.widgets.model.origin import target_of, with_sure_path
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.model.state import Missing
from napari_selfseg.widgets.parts.dialogs import ask_save, label_kinds, label_suffix
from napari_selfseg.widgets.views.result_view import NOTHING, OTHER
from napari_selfseg.widgets.views.view import SegmentView
from napari_selfseg.widgets.work.task import Begin

__all__ = ["LargeActions"]

NO_PLANES: Final = "No planes are left of the last stack: press Run to begin anew."
NO_TILES: Final = "No tiles are left of the last image: press Run to begin anew."
LEFT: Final = "Do what is left, in the same labels."
ANOTHER: Final = "Continue goes on with {}: choose it, or press Run to begin anew."
TILES_ANEW: Final = (
    "No script makes labels of tiles again: the command in their record does (segment --memory)."
)
COPIED: Final = "The script is on the clipboard."


class LargeActions:
    """What can be done with labels that are kept piece by piece.

    Parameters
    ----------
    view : SegmentView
        With the buttons.
    begin : callable
        Called with work for a worker thread, what to do with its answer, and its name.
    """

    def __init__(self, view: SegmentView, begin: Begin) -> None:
        self._view, self._begin = view, begin
        self._session: LargeSession | None = None
        view.result.save_labels.clicked.connect(self._save)
        view.result.copy.clicked.connect(self._copy)

    def continuation(self, image: Any, found: Request | Missing) -> Continuation | None:
        """Say what Continue does with what is left of the last session.

        Parameters
        ----------
        image : napari.layers.Image or None
            The one that is chosen. What else is filled in does not count where something is left:
            a fit is applied by tiles whatever the area says.
        found : Request or Missing
            What is filled in.

        Returns
        -------
        Continuation or None
            Without a request where it goes on with `resumable`. None where it is about neither
            stacks nor tiles.
        """
        session = self.resumable
        if session is not None:
            other = image != session.source
            return Continuation(LEFT, ANOTHER.format(session.source.name) if other else "")
        if isinstance(found, Request) and (found.stack or found.tiles):
            return Continuation(reason=NO_TILES if found.tiles else NO_PLANES)
        return None

    @property
    def resumable(self) -> LargeSession | None:
        """The last session, where something of it is left to do."""
        session = self._session
        return session if session is not None and session.resumable else None

    def turn_to(self, image: Any) -> bool:
        """Offer to keep the labels where they are those of an image.

        Parameters
        ----------
        image : napari.layers.Image or None
            The one that is chosen.

        Returns
        -------
        bool
            Whether they are.
        """
        session = self._session
        if session is None:
            return False
        there: bool = image == session.source
        if there:
            self._view.result.show_large(TILES_ANEW if session.request.tiles else "")
        else:
            self._view.result.show_labels(OTHER.format(name=session.source.name))
        return there

    def put(self, session: LargeSession | None) -> None:
        """Work on another session.

        Parameters
        ----------
        session : LargeSession or None
            One that has ended; None lets go of the last one.
        """
        if self._session is not None:
            self._session.layer.events.paint.disconnect(self._on_paint)
        self._session = session if session is not None and session.kept else None
        if self._session is not None:
            self._session.layer.events.paint.connect(self._on_paint)
            self.turn_to(self._session.source)

    def forget(self, layer: Any) -> None:
        """Let go of a session whose labels were removed.

        Parameters
        ----------
        layer : napari.layers.Layer
            Any.
        """
        if self._session is not None and layer == self._session.layer:
            self.put(None)
            self._view.result.show_labels(NOTHING)

    def _on_paint(self, event: object = None) -> None:
        if self._session is not None:
            metadata = self._session.layer.metadata
            metadata[METADATA] = {**metadata.get(METADATA, {}), "edited": True}

    def _save(self) -> None:
        session = self._session
        if session is None:
            return
        layer, request = session.layer, session.request
        by_blocks = session.room.path is not None
        ending = label_suffix(by_blocks=by_blocks)
        kinds = label_kinds(by_blocks=by_blocks)
        path = ask_save(self._view, "Save labels", layer.name + ending, kinds)
        if not path:
            return
        record, unit, room = layer.metadata.get(METADATA), unit_of(layer), session.room
        pairs = zip(sizes_of(layer), request.index, strict=True)
        spacing = tuple(abs(size) for size, each in pairs if isinstance(each, slice))
        self._begin(
            lambda: save_room(path, room, request.along, spacing, unit, record),
            self._said(f"Saved: {path}"),
            "Saving the labels",
        )

    def _copy(self) -> None:
        session = self._session
        if session is None:
            return
        layer, request = session.layer, session.request
        record, target = layer.metadata[METADATA], target_of(layer.name)
        pairs = zip(sizes_of(layer), request.index, strict=True)
        spacing = [abs(size) for size, each in pairs if isinstance(each, slice)]
        place = {"spacing": spacing, "unit": unit_of(layer), "axes": letters(request.along.names)}

        def work() -> str:
            from napari_selfseg.replaying import as_script

            return as_script(with_sure_path(record), target=target, **place)

        def put(text: str) -> None:
            if clipboard := QApplication.clipboard():
                clipboard.setText(text)
            self._view.controls.say(COPIED)

        self._begin(work, put, "Writing the script")

    def _said(self, sentence: str) -> Callable[[Any], None]:
        return lambda _: self._view.controls.say(sentence)
