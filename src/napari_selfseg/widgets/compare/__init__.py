"""The Compare dock: two results side by side, and where they differ."""

from napari_selfseg.widgets.compare._dock import CompareDock

__all__ = ["CompareDock"]
