"""Beyond one image: large images, stacks, batches, and models of a collection."""

from napari_selfseg.scale._applying import applied
from napari_selfseg.scale._axes import axes_along, axis_named
from napari_selfseg.scale._batch import Batch
from napari_selfseg.scale._collection import planes, spots, tiles
from napari_selfseg.scale._files import files_of, gathered
from napari_selfseg.scale._forecast import TileForecast, forecast
from napari_selfseg.scale._foresight import Foresight, estimate_tiles, foreseen
from napari_selfseg.scale._large import LargeImage
from napari_selfseg.scale._learning import known_at_once, learning
from napari_selfseg.scale._over_stack import CARRIES, over_stack
from napari_selfseg.scale._plan import Plan, load_plan, work_folder
from napari_selfseg.scale._recipe import Recipe
from napari_selfseg.scale._runners import (
    ClusterRunner,
    Outcome,
    ProcessRunner,
    Runner,
    SerialRunner,
    runner_named,
)
from napari_selfseg.scale._sampling import samples
from napari_selfseg.scale._segments import hierarchy_of, recorded_cut
from napari_selfseg.scale._source import Source
from napari_selfseg.scale._sources import BatchImage, sources, targets_of
from napari_selfseg.scale._stack import StackRun
from napari_selfseg.scale._stack_estimate import (
    bytes_of_stack,
    estimate_stack,
    planes_together,
)
from napari_selfseg.scale._stack_files import stack_room
from napari_selfseg.scale._stack_labels import stack_dtype
from napari_selfseg.scale._stack_replay import replay_stack
from napari_selfseg.scale._stack_step import StackStep
from napari_selfseg.scale._table import Entry
from napari_selfseg.scale._tile_pass import FailedTiles, TileProgress
from napari_selfseg.scale._tile_record import tile_record
from napari_selfseg.scale._tile_run import TileRun
from napari_selfseg.scale._tiles import over_tiles, planned
from napari_selfseg.scale._trainer import NothingLeftError, Trainer
from napari_selfseg.scale._watch import AnyStep, Reached, reached

__all__ = [
    "CARRIES",
    "AnyStep",
    "Batch",
    "BatchImage",
    "ClusterRunner",
    "Entry",
    "FailedTiles",
    "Foresight",
    "LargeImage",
    "NothingLeftError",
    "Outcome",
    "Plan",
    "ProcessRunner",
    "Reached",
    "Recipe",
    "Runner",
    "SerialRunner",
    "Source",
    "StackRun",
    "StackStep",
    "TileForecast",
    "TileProgress",
    "TileRun",
    "Trainer",
    "applied",
    "axes_along",
    "axis_named",
    "bytes_of_stack",
    "estimate_stack",
    "estimate_tiles",
    "files_of",
    "forecast",
    "foreseen",
    "gathered",
    "hierarchy_of",
    "known_at_once",
    "learning",
    "load_plan",
    "over_stack",
    "over_tiles",
    "planes",
    "planes_together",
    "planned",
    "reached",
    "recorded_cut",
    "replay_stack",
    "runner_named",
    "samples",
    "sources",
    "spots",
    "stack_dtype",
    "stack_room",
    "targets_of",
    "tile_record",
    "tiles",
    "work_folder",
]
