"""The Train dock."""

from napari_selfseg.widgets.train._dock import TrainDock

__all__ = ["TrainDock"]
