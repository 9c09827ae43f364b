"""The Evaluate dock."""

from napari_selfseg.widgets.evaluate._dock import EvaluateDock

__all__ = ["EvaluateDock"]
