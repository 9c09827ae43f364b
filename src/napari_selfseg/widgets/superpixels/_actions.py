"""The layers on which the dock works, and the buttons and clicks that edit the chosen one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from superqt.utils import signals_blocked

from napari_selfseg.widgets.canvas.layers import finest
from napari_selfseg.widgets.editing.keys import HISTORY, Keys
from napari_selfseg.widgets.editing.mouse import Mouse
from napari_selfseg.widgets.editing.presence import Presence
from napari_selfseg.widgets.superpixels._editor import Editor, Tool
from napari_selfseg.widgets.superpixels._layers import show_boundaries
from napari_selfseg.widgets.superpixels._making import Made, counted
from napari_selfseg.widgets.superpixels._view import EDIT, HINTS, SuperpixelsView

__all__ = ["Actions"]

FLAT: Final = "Superpixels are edited in a plane: press the 2D/3D button below the layers first."
HIDDEN: Final = "{name} is hidden: show it (the eye in the list of layers) to edit it."


class Actions:
    """Editors of the layers that were edited, each with its own history, and their tools."""

    def __init__(self, viewer: Any, view: SuperpixelsView) -> None:
        self._viewer = viewer
        self._view = view
        self._editors: list[Editor] = []
        self._keys: dict[Editor, Keys] = {}
        self._mouse = Mouse(viewer, self._on_click, self._on_sweep)
        self._at_work: Editor | None = None
        self._presence = Presence(view.pages, EDIT)
        self._connect_widgets()

    def put(self, layer: Any, made: Made) -> None:
        """Choose a layer that was just made."""
        self._take_up(Editor(self._viewer, layer, made.edits, made.image))
        self._view.layer.show_one(layer)
        self._show()

    def forget(self, layer: Any) -> None:
        """Let go of a layer that was removed."""
        for editor in [each for each in self._editors if each.layer == layer]:
            self._drop(editor)
        self._show()

    def close(self) -> None:
        """Put the tool away and let go of all layers."""
        self._put_away()
        for editor in list(self._editors):
            self._drop(editor)

    # The chosen layer

    def _editor(self) -> Editor | None:
        """Return the editor of the chosen layer, if it has one already."""
        layer = self._view.layer.thing
        found = next((each for each in self._editors if each.layer == layer), None)
        # Somebody gave the layer another array: this history is that of the old one.
        if found is not None and not found.fresh:
            self._drop(found)
            return None
        return found

    def _needed(self) -> Editor:
        """Return the editor of the chosen layer, a new one if need be."""
        editor = self._editor()
        if editor is None:
            layer = self._view.layer.thing
            if layer is None:
                raise ValueError("There are no superpixels to edit: press Run first.")
            editor = Editor(self._viewer, layer)
            self._take_up(editor)
        return editor

    def _on_layer(self) -> None:
        layer = self._view.layer.thing
        if self._at_work is not None and self._at_work.layer != layer:
            self._put_away()
        if layer is not None:
            with signals_blocked(self._view.boundaries):
                self._view.boundaries.setChecked(bool(layer.contour))
        self._show()

    def _on_boundaries(self, shown: bool) -> None:
        if self._view.layer.thing is not None:
            show_boundaries(self._view.layer.thing, shown)

    # Tools

    def _toggle(self, tool: Tool) -> None:
        def act() -> str:
            if self._at_work is not None and self._at_work.tool == tool:
                self._put_away()
                return ""
            editor = self._needed()
            self._check_visible(editor)
            editor.take(tool)
            self._at_work = editor
            self._mouse.listen(True)
            return HINTS[tool]

        self._do(act)

    def _take_up(self, editor: Editor) -> None:
        """Have a layer edited, also by the keys that napari has for strokes alone."""
        self._editors.append(editor)
        self._keys[editor] = Keys(editor.layer)
        acts = {"undo": editor.undo_last, "redo": editor.redo_last}
        self._keys[editor].bind(HISTORY, lambda name: self._do(acts[name]))

    def _drop(self, editor: Editor) -> None:
        self._editors.remove(editor)
        self._keys.pop(editor).release()
        if editor is self._at_work:
            self._mouse.listen(False)
            self._at_work = None
        editor.close()

    def _turn(self) -> None:
        """Put the tool away where its page is left: clicks and marks would belong to nothing."""
        if not self._presence.there:
            self._put_away()

    def _cover(self, covered: bool) -> None:
        if self._at_work is not None:
            self._at_work.cover(covered)

    def _put_away(self) -> None:
        self._mouse.listen(False)
        editor, self._at_work = self._at_work, None
        if editor is not None:
            editor.put_away()
        self._show()

    def _working(self) -> Editor:
        editor = self._editor()
        if editor is None or editor is not self._at_work:
            raise ValueError("The labels of this layer are others now: choose the tool again.")
        return editor

    def _on_click(self, position: Sequence[float]) -> None:
        def act() -> str:
            editor = self._working()
            self._check_visible(editor)
            editor.click(position)
            return HINTS[editor.tool]

        self._do(act)

    def _on_sweep(self, position: Sequence[float]) -> None:
        def act() -> str:
            editor = self._working()
            self._check_visible(editor)
            editor.sweep(position)
            return HINTS[editor.tool]

        self._do(act)

    def _apply(self) -> None:
        def act() -> str:
            return self._working().apply(self._image())

        self._do(act)

    def _undo(self) -> None:
        self._do(lambda: self._needed().undo())

    def _redo(self) -> None:
        self._do(lambda: self._needed().redo())

    def _clear(self) -> None:
        if self._at_work:
            self._at_work.clear()
        self._show()

    def _do(self, act: Callable[[], str]) -> None:
        """Act, and say what was done or why not."""
        try:
            self._view.say(act())
        except ValueError as error:
            self._view.show_error(str(error))
        self._show()

    def _check_visible(self, editor: Editor) -> None:
        if self._viewer.dims.ndisplay == 3:
            raise ValueError(FLAT)
        if not editor.layer.visible:
            raise ValueError(HIDDEN.format(name=editor.layer.name))

    def _image(self) -> Any:
        """Return the chosen image if it lies under the chosen superpixels."""
        source, layer = self._view.image.thing, self._view.layer.thing
        if source is None:
            return None
        data = finest(source)
        return data if tuple(data.shape[: source.ndim]) == layer.data.shape else None

    def _show(self) -> None:
        editor = self._editor()
        tool = self._at_work.tool if self._at_work else None
        self._view.show_editable(self._view.layer.thing is not None)
        self._view.show_tool(tool, self._at_work.chosen if self._at_work else 0)
        self._view.show_count(counted(editor.edits) if editor else "")
        undoable = editor is not None and editor.edits.undoable
        self._view.show_history(undoable, editor is not None and editor.edits.redoable)

    def _connect_widgets(self) -> None:
        view = self._view
        self._presence.turned.connect(self._turn)
        self._presence.covered.connect(self._cover)
        view.layer.chosen.connect(self._on_layer)
        view.boundaries.toggled.connect(self._on_boundaries)
        view.pick.clicked.connect(lambda: self._toggle("pick"))
        view.split.clicked.connect(lambda: self._toggle("split"))
        view.apply.clicked.connect(self._apply)
        view.undo.clicked.connect(self._undo)
        view.redo.clicked.connect(self._redo)
        view.clear.clicked.connect(self._clear)
