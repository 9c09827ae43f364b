"""Beyond one image: models of a collection, trained, kept and applied."""

from napari_selfseg.scale._applying import applied
from napari_selfseg.scale._collection import planes, spots, tiles
from napari_selfseg.scale._files import files_of, gathered
from napari_selfseg.scale._runners import (
    ClusterRunner,
    Outcome,
    ProcessRunner,
    Runner,
    SerialRunner,
    runner_named,
)
from napari_selfseg.scale._trainer import Trainer

__all__ = [
    "ClusterRunner",
    "Outcome",
    "ProcessRunner",
    "Runner",
    "SerialRunner",
    "Trainer",
    "applied",
    "files_of",
    "gathered",
    "planes",
    "runner_named",
    "spots",
    "tiles",
]
