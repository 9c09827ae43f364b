"""Keys of a labels layer while it is corrected; none of them means something else in napari."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from app_model.types import KeyCode, KeyMod

__all__ = ["HISTORY", "KEYS", "Keys"]

# Beside these a labels layer of napari 0.9 has 1 to 7, B, E, F, L, M, P, X, Z, minus, equal,
# brackets, Enter and Escape, and the window V, Space, arrows and combinations with Ctrl and Alt.
KEYS: Final[Mapping[str, Any]] = {
    "join": KeyCode.KeyJ,
    "cut": KeyCode.KeyS,
    "delete": KeyCode.KeyD,
    "add": KeyCode.KeyA,
    "classify": KeyCode.KeyC,
    "other class": KeyMod.Shift | KeyCode.KeyC,
    "next": KeyCode.KeyN,
    "back": KeyMod.Shift | KeyCode.KeyN,
}
# These mean the same in napari, for strokes of the brush alone.
HISTORY: Final[Mapping[str, Any]] = {
    "undo": KeyMod.CtrlCmd | KeyCode.KeyZ,
    "redo": KeyMod.CtrlCmd | KeyMod.Shift | KeyCode.KeyZ,
}


class Keys:
    """Keys that are bound to one layer, and only to that."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._bound: dict[str, Any] = {}
        self.moving = False  # the picture, because Space is held

    def bind(self, keys: Mapping[str, Any], act: Callable[[str], None]) -> None:
        """Bind some keys, by the name of what is done; `act` is called with the name."""
        for name, key in keys.items():
            self._layer.bind_key(key, lambda _, name=name: act(name), overwrite=True)
            self._bound[name] = key

    def watch_space(self) -> None:
        """Note whether Space is held, with which napari moves the picture whatever the tool."""

        def hold(_: Any) -> Iterator[None]:
            self.moving = True
            yield
            self.moving = False

        self._layer.bind_key(KeyCode.Space, hold, overwrite=True)
        self._bound["space"] = KeyCode.Space

    def release(self, names: Mapping[str, Any] | None = None) -> None:
        """Release all keys but those to keep."""
        for name in [each for each in self._bound if each not in (names or {})]:
            self._layer.bind_key(self._bound.pop(name), None)
        self.moving = False
