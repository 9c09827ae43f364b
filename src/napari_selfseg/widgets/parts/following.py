"""Which layer a chooser shows: the active one, until somebody chooses by hand; no Qt here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Scene", "followed"]


@dataclass(frozen=True)
class Scene:
    """The layers there are to choose from.

    Attributes
    ----------
    offered : sequence of (str, object)
        Name and layer, the topmost first.
    active : object or None
        The layer that is selected in the viewer; None for none, or several.
    overlays : sequence of object
        Those of `offered` that only lie over an image: they are chosen by hand only.
    """

    offered: Sequence[tuple[str, Any]] = ()
    active: Any = None
    overlays: Sequence[Any] = ()

    @property
    def things(self) -> list[Any]:
        """The layers alone."""
        return [thing for _, thing in self.offered]


def followed(scene: Scene, chosen: Any, *, by_hand: bool, kept: Sequence[Any] = ()) -> Any:
    """Return the layer to show; None where there is nothing.

    Parameters
    ----------
    scene : Scene
        What there is.
    chosen : object or None
        What is shown now.
    by_hand : bool
        Whether somebody chose it: then it stays as long as it is there.
    kept : sequence of object
        Layers that are used together with the chosen one: selecting one of them changes nothing.
    """
    things = scene.things
    there = chosen is not None and chosen in things
    if there and (by_hand or scene.active in kept):
        return chosen
    own = [each for each in things if each not in scene.overlays]
    if scene.active in own:
        return scene.active
    return chosen if there else next(iter([*own, *things]), None)
