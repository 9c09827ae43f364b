"""Clicks and strokes on the canvas."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np

__all__ = ["Mouse"]

SLIP: Final = 4  # screen pixels a click may move
LEFT: Final = 1

Act = Callable[[Sequence[float]], None]


class Mouse:
    """Listens to the canvas, whichever layer is selected.

    Parameters
    ----------
    on_click, on_sweep : callable
        Called with the place in the world: of a click, and of every move with Shift held.
    on_end : callable, optional
        Called at the end of a sweep.
    draws : callable, optional
        Says whether a drag without Shift is a sweep, too, and does not move the picture.
    """

    def __init__(
        self,
        viewer: Any,
        on_click: Act,
        on_sweep: Act,
        on_end: Callable[[], None] = lambda: None,
        draws: Callable[[], bool] = lambda: False,
    ) -> None:
        self._viewer = viewer
        self._on_click = on_click
        self._on_sweep = on_sweep
        self._on_end = on_end
        self._draws = draws
        # A bound method is another object every time it is asked for.
        self._callback = self._on_drag

    def listen(self, wanted: bool) -> None:
        """Begin or end listening."""
        callbacks = self._viewer.mouse_drag_callbacks
        if wanted and self._callback not in callbacks:
            callbacks.append(self._callback)
        elif not wanted and self._callback in callbacks:
            callbacks.remove(self._callback)

    def _on_drag(self, viewer: Any, event: Any) -> Iterator[None]:
        if event.button != LEFT or self._drawing():
            return
        # With other keys held napari does something else.
        if tuple(event.modifiers) == ("Shift",):
            yield from self._sweep(event)
        elif not event.modifiers and self._draws():
            yield from self._draw(event)
        elif not event.modifiers:
            yield from self._click(event)

    def _drawing(self) -> bool:
        """Whether the click belongs to a tool of the selected layer."""
        active = self._viewer.layers.selection.active
        return active is not None and str(active.mode) != "pan_zoom"

    def _click(self, event: Any) -> Iterator[None]:
        start, slip = np.array(event.pos), 0.0
        yield
        while event.type == "mouse_move":
            slip = max(slip, float(np.abs(np.array(event.pos) - start).max()))
            yield
        if slip <= SLIP:
            self._on_click(event.position)

    def _sweep(self, event: Any) -> Iterator[None]:
        with self._panning_off():
            self._on_sweep(event.position)
            yield
            while event.type == "mouse_move":
                self._on_sweep(event.position)
                yield
        self._on_end()

    def _draw(self, event: Any) -> Iterator[None]:
        """Sweep from where the button was pressed, or click where the mouse stays there."""
        start, first, swept = np.array(event.pos), event.position, False
        with self._panning_off():
            yield
            while event.type == "mouse_move":
                if not swept and float(np.abs(np.array(event.pos) - start).max()) > SLIP:
                    swept = True
                    self._on_sweep(first)
                if swept:
                    self._on_sweep(event.position)
                yield
        if swept:
            self._on_end()
        else:
            self._on_click(first)

    @contextlib.contextmanager
    def _panning_off(self) -> Iterator[None]:
        active = self._viewer.layers.selection.active
        if active is None:
            yield
            return
        active.mouse_pan = False
        try:
            yield
        finally:
            active.mouse_pan = True
