"""Beyond one image: stacks plane by plane; models of a collection, trained, kept and applied."""

from napari_selfseg.scale._applying import applied
from napari_selfseg.scale._collection import planes, spots, tiles
from napari_selfseg.scale._files import files_of, gathered
from napari_selfseg.scale._over_stack import CARRIES, over_stack
from napari_selfseg.scale._stack import StackRun
from napari_selfseg.scale._stack_labels import stack_dtype
from napari_selfseg.scale._stack_replay import replay_stack
from napari_selfseg.scale._stack_step import StackStep
from napari_selfseg.scale._trainer import Trainer

__all__ = [
    "CARRIES",
    "StackRun",
    "StackStep",
    "Trainer",
    "applied",
    "files_of",
    "gathered",
    "over_stack",
    "planes",
    "replay_stack",
    "spots",
    "stack_dtype",
    "tiles",
]
