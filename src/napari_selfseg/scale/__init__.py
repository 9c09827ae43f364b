"""Beyond one image: batches by a recipe, models of a collection, trained, kept and applied."""

from napari_selfseg.scale._applying import applied
from napari_selfseg.scale._batch import Batch
from napari_selfseg.scale._collection import planes, spots, tiles
from napari_selfseg.scale._files import files_of, gathered
from napari_selfseg.scale._recipe import Recipe
from napari_selfseg.scale._runners import (
    ClusterRunner,
    Outcome,
    ProcessRunner,
    Runner,
    SerialRunner,
    runner_named,
)
from napari_selfseg.scale._segments import hierarchy_of, recorded_cut
from napari_selfseg.scale._sources import Source, sources, targets_of
from napari_selfseg.scale._table import Entry
from napari_selfseg.scale._trainer import Trainer

__all__ = [
    "Batch",
    "ClusterRunner",
    "Entry",
    "Outcome",
    "ProcessRunner",
    "Recipe",
    "Runner",
    "SerialRunner",
    "Source",
    "Trainer",
    "applied",
    "files_of",
    "gathered",
    "hierarchy_of",
    "planes",
    "recorded_cut",
    "runner_named",
    "sources",
    "spots",
    "targets_of",
    "tiles",
]
