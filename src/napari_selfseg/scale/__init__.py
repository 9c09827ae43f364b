"""Beyond one image: large images, stacks, batches, and models of a collection."""

from napari_selfseg.scale._batch._batch import Batch
from napari_selfseg.scale._batch._sources import BatchImage, sources, targets_of
from napari_selfseg.scale._batch._table import Entry
from napari_selfseg.scale._estimates._tile_estimate import TileLayout, estimate_tiles, lay_out_tiles
from napari_selfseg.scale._estimates._trial_tile import PlanEstimate, estimate_plan
from napari_selfseg.scale._label._label import do_alone, label
from napari_selfseg.scale._label._label_files import write_files
from napari_selfseg.scale._label._label_tiles import plan_label
from napari_selfseg.scale._label._observer import Observer
from napari_selfseg.scale._label._task import Given, LabelFiles, LabelResult, LabelTask, Tiling
from napari_selfseg.scale._label._way import Way, choose_way
from napari_selfseg.scale._plan._plan import Plan, load_plan, work_folder
from napari_selfseg.scale._plan._sampling import samples
from napari_selfseg.scale._plan._source import Source
from napari_selfseg.scale._plan._tile_record import tile_record
from napari_selfseg.scale._planes._axes import axes_along, axis_named
from napari_selfseg.scale._planes._over_stack import CARRIES, over_stack
from napari_selfseg.scale._planes._stack import StackRun
from napari_selfseg.scale._planes._stack_estimate import (
    bytes_of_stack,
    estimate_stack,
    planes_together,
)
from napari_selfseg.scale._planes._stack_labels import create_stack_labels, stack_dtype
from napari_selfseg.scale._planes._stack_replay import replay_stack
from napari_selfseg.scale._planes._stack_step import StackStep
from napari_selfseg.scale._recipe._recipe import Recipe
from napari_selfseg.scale._recipe._sized import in_pixels
from napari_selfseg.scale._runners import (
    ClusterRunner,
    Outcome,
    ProcessRunner,
    Runner,
    SerialRunner,
    runner_named,
)
from napari_selfseg.scale._segments import hierarchy_of, recorded_cut
from napari_selfseg.scale._tiles._granularity import TileCuts
from napari_selfseg.scale._tiles._large import LargeImage
from napari_selfseg.scale._tiles._measuring import MeasureRun
from napari_selfseg.scale._tiles._over_tiles import over_tiles, plan_tiles
from napari_selfseg.scale._tiles._tile_pass import FailedTiles, TileStep
from napari_selfseg.scale._tiles._tile_run import TileRun
from napari_selfseg.scale._training._apply_fit import apply_fit
from napari_selfseg.scale._training._collection import planes, spots, tiles
from napari_selfseg.scale._training._files import files_of, gathered
from napari_selfseg.scale._training._fit_samples import fit_samples, known_at_once
from napari_selfseg.scale._training._trainer import NothingLeftError, Trainer

__all__ = [
    "CARRIES",
    "Batch",
    "BatchImage",
    "ClusterRunner",
    "Entry",
    "FailedTiles",
    "Given",
    "LabelFiles",
    "LabelResult",
    "LabelTask",
    "LargeImage",
    "MeasureRun",
    "NothingLeftError",
    "Observer",
    "Outcome",
    "Plan",
    "PlanEstimate",
    "ProcessRunner",
    "Recipe",
    "Runner",
    "SerialRunner",
    "Source",
    "StackRun",
    "StackStep",
    "TileCuts",
    "TileLayout",
    "TileRun",
    "TileStep",
    "Tiling",
    "Trainer",
    "Way",
    "apply_fit",
    "axes_along",
    "axis_named",
    "bytes_of_stack",
    "choose_way",
    "create_stack_labels",
    "do_alone",
    "estimate_plan",
    "estimate_stack",
    "estimate_tiles",
    "files_of",
    "fit_samples",
    "gathered",
    "hierarchy_of",
    "in_pixels",
    "known_at_once",
    "label",
    "lay_out_tiles",
    "load_plan",
    "over_stack",
    "over_tiles",
    "plan_label",
    "plan_tiles",
    "planes",
    "planes_together",
    "recorded_cut",
    "replay_stack",
    "runner_named",
    "samples",
    "sources",
    "spots",
    "stack_dtype",
    "targets_of",
    "tile_record",
    "tiles",
    "work_folder",
    "write_files",
]
