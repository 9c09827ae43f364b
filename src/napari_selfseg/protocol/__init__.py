"""The protocol every method follows: one generator, one driver, one result."""

from napari_selfseg.protocol._control import Control, Interrupted
from napari_selfseg.protocol._evolve import evolve, prepare
from napari_selfseg.protocol._fit import Fit, small
from napari_selfseg.protocol._inputs import Inputs
from napari_selfseg.protocol._labels import as_superpixels
from napari_selfseg.protocol._method import Method, Step, Stop, SuperpixelAlgorithm
from napari_selfseg.protocol._run import OutOfMemory, Run
from napari_selfseg.protocol._scaling import Scaling

__all__ = [
    "Control",
    "Fit",
    "Inputs",
    "Interrupted",
    "Method",
    "OutOfMemory",
    "Run",
    "Scaling",
    "Step",
    "Stop",
    "SuperpixelAlgorithm",
    "as_superpixels",
    "evolve",
    "prepare",
    "small",
]
