"""Objects of an image, each a label of its own, on one background; found without any example."""

from napari_selfseg.instances._finishing._as_objects import (
    FINISHES,
    AsObjects,
    objects_of_segments,
)
from napari_selfseg.instances._finishing._sizes import (
    as_size,
    pixels_at_least,
    pixels_at_most,
    unit_of_size,
)
from napari_selfseg.instances._method import Objects

__all__ = [
    "FINISHES",
    "AsObjects",
    "Objects",
    "as_size",
    "objects_of_segments",
    "pixels_at_least",
    "pixels_at_most",
    "unit_of_size",
]
