"""Objects from classes: connected pieces, small ones removed, and what can be measured of them."""

from napari_selfseg.objects._features import (
    channel_names,
    checked_spacing,
    columns_of,
    object_features,
    with_class_names,
)
from napari_selfseg.objects._parts import BEYOND, Parts, brought_together, compact, parts_of
from napari_selfseg.objects._pieces import classes_of, connected, merged_small
from napari_selfseg.objects._plane_table import PlaneStep, PlaneTable, axis_columns

__all__ = [
    "BEYOND",
    "Parts",
    "PlaneStep",
    "PlaneTable",
    "axis_columns",
    "brought_together",
    "channel_names",
    "checked_spacing",
    "classes_of",
    "columns_of",
    "compact",
    "connected",
    "merged_small",
    "object_features",
    "parts_of",
    "with_class_names",
]
