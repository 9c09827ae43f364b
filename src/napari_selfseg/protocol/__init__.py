"""The protocol every method follows: one generator, one driver, one result."""

from napari_selfseg.protocol._agreeing import merge
from napari_selfseg.protocol._blocks import halo
from napari_selfseg.protocol._checks import as_spacing
from napari_selfseg.protocol._control import Control, Interrupted
from napari_selfseg.protocol._cost import Cost, Problem
from napari_selfseg.protocol._device import resolve_device, resolve_precision, resolve_threads
from napari_selfseg.protocol._estimate import (
    Estimate,
    Throughput,
    available_memory,
    bytes_to_predict,
    estimate,
    fits_in_memory,
    measure_throughput,
    seconds_to_predict,
)
from napari_selfseg.protocol._evolve import evolve, prepare
from napari_selfseg.protocol._failures import DeviceLost, OutOfMemory
from napari_selfseg.protocol._few_labels import FewLabels
from napari_selfseg.protocol._fit import Fit, label_dtype, small
from napari_selfseg.protocol._grid import Grid
from napari_selfseg.protocol._in_words import in_words
from napari_selfseg.protocol._inputs import Inputs
from napari_selfseg.protocol._labels import as_superpixels, over_segmented
from napari_selfseg.protocol._method import (
    Ballot,
    Method,
    Smoothing,
    Step,
    Stop,
    SuperpixelAlgorithm,
)
from napari_selfseg.protocol._run import Run
from napari_selfseg.protocol._scaling import Scaling
from napari_selfseg.protocol._training_state import TrainingState

__all__ = [
    "Ballot",
    "Control",
    "Cost",
    "DeviceLost",
    "Estimate",
    "FewLabels",
    "Fit",
    "Grid",
    "Inputs",
    "Interrupted",
    "Method",
    "OutOfMemory",
    "Problem",
    "Run",
    "Scaling",
    "Smoothing",
    "Step",
    "Stop",
    "SuperpixelAlgorithm",
    "Throughput",
    "TrainingState",
    "as_spacing",
    "as_superpixels",
    "available_memory",
    "bytes_to_predict",
    "estimate",
    "evolve",
    "fits_in_memory",
    "halo",
    "in_words",
    "label_dtype",
    "measure_throughput",
    "merge",
    "over_segmented",
    "prepare",
    "resolve_device",
    "resolve_precision",
    "resolve_threads",
    "seconds_to_predict",
    "small",
]
