"""Image layers that we made of somebody's image: they are no channels of it."""

from __future__ import annotations

from typing import Any, Final, Literal

__all__ = ["is_made", "is_overlay", "made"]

KEY: Final = "napari-selfseg result"


def made(kind: Literal["image", "overlay"]) -> dict[str, Any]:
    """Return what the metadata of such a layer says; it stays when the layer is renamed.

    Parameters
    ----------
    kind : {"image", "overlay"}
        Whether it is an image that can be worked on, or only lies over one.
    """
    return {KEY: kind}


def is_made(layer: Any) -> bool:
    """Say whether we made an image layer.

    Parameters
    ----------
    layer : napari.layers.Layer
        Any.
    """
    return KEY in layer.metadata


def is_overlay(layer: Any) -> bool:
    """Say whether we made an image layer that only lies over an image.

    Parameters
    ----------
    layer : napari.layers.Layer
        Any.
    """
    return layer.metadata.get(KEY) == "overlay"
