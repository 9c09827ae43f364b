"""The methods: one paper, one module."""

from napari_selfseg.methods._backprop import Backprop
from napari_selfseg.methods._deepcut import DeepCut
from napari_selfseg.methods._dic import DIC
from napari_selfseg.methods._dsc import DSC
from napari_selfseg.methods._sgseg import SGSeg

__all__ = ["DIC", "DSC", "Backprop", "DeepCut", "SGSeg"]
