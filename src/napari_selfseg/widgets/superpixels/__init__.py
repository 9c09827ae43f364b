"""The Superpixels dock."""

from napari_selfseg.widgets.superpixels._dock import SuperpixelsDock

__all__ = ["SuperpixelsDock"]
