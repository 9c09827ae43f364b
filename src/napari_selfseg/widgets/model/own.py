"""Image layers that we made of somebody's image: they are no channels of it."""

from __future__ import annotations

from typing import Any, Final, Literal

__all__ = ["is_made", "is_overlay", "made"]

KEY: Final = "napari-selfseg result"


def made(kind: Literal["image", "overlay"]) -> dict[str, Any]:
    """Return metadata that mark a layer as ours, and stay when it is renamed.

    `kind` is ``image`` for one that can be worked on, ``overlay`` for one that only lies over one.
    """
    return {KEY: kind}


def is_made(layer: Any) -> bool:
    """Say whether we made an image layer."""
    return KEY in layer.metadata


def is_overlay(layer: Any) -> bool:
    """Say whether we made an image layer that only lies over an image."""
    return layer.metadata.get(KEY) == "overlay"
