"""The Batch dock."""

from napari_selfseg.widgets.batch._dock import BatchDock

__all__ = ["BatchDock"]
