"""The protocol every method follows: one generator, one driver, one result."""

from napari_selfseg.grid import Grid
from napari_selfseg.protocol._continuing import go_on
from napari_selfseg.protocol._estimates._estimate import (
    Estimate,
    Tried,
    estimate,
    in_words,
    seconds_to_predict,
)
from napari_selfseg.protocol._estimates._kept_trials import Trials
from napari_selfseg.protocol._estimates._trial import Question, Spent, Trial, Unwanted
from napari_selfseg.protocol._evolve import evolve, prepare
from napari_selfseg.protocol._first_look import FirstLook, first_look
from napari_selfseg.protocol._fit import Fit, label_dtype, small
from napari_selfseg.protocol._given._checks import as_spacing, check_finite
from napari_selfseg.protocol._given._device import (
    check_precision,
    limited_threads,
    resolve_device,
    resolve_precision,
    resolve_threads,
)
from napari_selfseg.protocol._given._digits import duration, size_in_words
from napari_selfseg.protocol._given._failures import DeviceLost, OutOfMemory
from napari_selfseg.protocol._given._scaling import Scaling
from napari_selfseg.protocol._memory_check import too_large
from napari_selfseg.protocol._method._abilities import Smoothing, Sorting
from napari_selfseg.protocol._method._blocks import halo
from napari_selfseg.protocol._method._blockwise import Blockwise, Found, Joined, Picture
from napari_selfseg.protocol._method._control import Control, Interrupted
from napari_selfseg.protocol._method._cost import Cost, Part, Problem
from napari_selfseg.protocol._method._finish import Finish
from napari_selfseg.protocol._method._inputs import Inputs
from napari_selfseg.protocol._method._labels import as_superpixels, over_segmented
from napari_selfseg.protocol._method._method import GIVEN, Method, SuperpixelAlgorithm
from napari_selfseg.protocol._method._step import BY_ITSELF, Ballot, Step, Stop
from napari_selfseg.protocol._method._tilewise import ImagePart, Tilewise
from napari_selfseg.protocol._method._training_state import TrainingState
from napari_selfseg.protocol._needed import available_memory, bytes_needed, bytes_to_predict
from napari_selfseg.protocol._results._endings import objects_in_words
from napari_selfseg.protocol._results._merging_runs import merge_runs
from napari_selfseg.protocol._results._outlining import finished, outlined
from napari_selfseg.protocol._results._pictured import as_rgb, pictured, seen_plane
from napari_selfseg.protocol._results._run_card import (
    changed_parameters,
    counted_labels,
    run_rows,
)
from napari_selfseg.protocol._run import Run
from napari_selfseg.protocol._schedules._shrinking import (
    restored_size,
    shrunk,
    shrunk_strokes,
    steps_of,
)
from napari_selfseg.protocol._schedules._sizes import (
    FULL_SIZE,
    Schedule,
    Sized,
    Sizes,
    at_last_size,
    parts_by_size,
    phases,
    relative_work,
)
from napari_selfseg.protocol._schedules._stopping import FewLabels, Settled
from napari_selfseg.protocol._shared_parameters import (
    descent_momentum,
    descent_rate,
    fewest_labels,
    learning_size,
    settling_share,
    weight_of_scribbles,
)
from napari_selfseg.work import Progress, StopRelay, Watch, Work, WorkStep, follow, told

__all__ = [
    "BY_ITSELF",
    "FULL_SIZE",
    "GIVEN",
    "Ballot",
    "Blockwise",
    "Control",
    "Cost",
    "DeviceLost",
    "Estimate",
    "FewLabels",
    "Finish",
    "FirstLook",
    "Fit",
    "Found",
    "Grid",
    "ImagePart",
    "Inputs",
    "Interrupted",
    "Joined",
    "Method",
    "OutOfMemory",
    "Part",
    "Picture",
    "Problem",
    "Progress",
    "Question",
    "Run",
    "Scaling",
    "Schedule",
    "Settled",
    "Sized",
    "Sizes",
    "Smoothing",
    "Sorting",
    "Spent",
    "Step",
    "Stop",
    "StopRelay",
    "SuperpixelAlgorithm",
    "Tilewise",
    "TrainingState",
    "Trial",
    "Trials",
    "Tried",
    "Unwanted",
    "Watch",
    "Work",
    "WorkStep",
    "as_rgb",
    "as_spacing",
    "as_superpixels",
    "at_last_size",
    "available_memory",
    "bytes_needed",
    "bytes_to_predict",
    "changed_parameters",
    "check_finite",
    "check_precision",
    "counted_labels",
    "descent_momentum",
    "descent_rate",
    "duration",
    "estimate",
    "evolve",
    "fewest_labels",
    "finished",
    "first_look",
    "follow",
    "go_on",
    "halo",
    "in_words",
    "label_dtype",
    "learning_size",
    "limited_threads",
    "merge_runs",
    "objects_in_words",
    "outlined",
    "over_segmented",
    "parts_by_size",
    "phases",
    "pictured",
    "prepare",
    "relative_work",
    "resolve_device",
    "resolve_precision",
    "resolve_threads",
    "restored_size",
    "run_rows",
    "seconds_to_predict",
    "seen_plane",
    "settling_share",
    "shrunk",
    "shrunk_strokes",
    "size_in_words",
    "small",
    "steps_of",
    "told",
    "too_large",
    "weight_of_scribbles",
]
