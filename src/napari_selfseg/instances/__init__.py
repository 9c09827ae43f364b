"""Objects of an image, each a label of its own, on one background; found without any example."""

from napari_selfseg.instances._method import Objects

__all__ = ["Objects"]
