"""Files in and out; records and pixel sizes travel along."""

from napari_selfseg.io._contours import ContourMap, load_ucm2, ucm2_regions
from napari_selfseg.io._fits import load_fit, read_progress, save_fit
from napari_selfseg.io._images import open_image, open_numbers, read_image
from napari_selfseg.io._labels import (
    check_labels_target,
    has_room_for_place,
    read_record,
    write_labels,
)
from napari_selfseg.io._pixels._channels import of_channels
from napari_selfseg.io._pixels._image_file import Georeference, ImageFile, Opacity, RemoteError
from napari_selfseg.io._pixels._lazy import View
from napari_selfseg.io._pixels._masking import Valid
from napari_selfseg.io._preview import write_picture, write_preview
from napari_selfseg.io._pyramid import open_pyramid
from napari_selfseg.io._truth import Annotation, read_bsds, read_label_image, read_truth
from napari_selfseg.io._units._unit_names import units_in
from napari_selfseg.io._units._units import steps_of
from napari_selfseg.io._vector._annotations import Annotated, read_annotations
from napari_selfseg.io._vector._drawn import Drawn
from napari_selfseg.io._vector._objects import OBJECTS, has_outlines, write_drawn, write_objects
from napari_selfseg.io._vector._outlines_on_disk import OutlinesOnDisk
from napari_selfseg.io._writing._atomic import atomic_file, atomic_folder, check_target
from napari_selfseg.io._writing._claim import TakenError, alone, claimed
from napari_selfseg.io._writing._disk import DiskFullError, WriteError
from napari_selfseg.io._writing._owner import is_abandoned, owner_mark, sweep
from napari_selfseg.io._writing._together import written_together
from napari_selfseg.io._zarr._zarr_filling import (
    finish_labels,
    open_labels,
    open_levels,
    sweep_chunks,
    update_levels,
    update_record,
)
from napari_selfseg.io._zarr._zarr_in_image import (
    image_of_labels,
    labels_in,
    labels_of,
    list_labels,
)
from napari_selfseg.io._zarr._zarr_labels import check_zarr, create_labels
from napari_selfseg.io._zarr._zarr_naming import name_classes, name_objects
from napari_selfseg.io._zarr._zarr_paths import inside_zarr, is_zarr
from napari_selfseg.io._zarr._zarr_plate import Plate, PlateField, fields_of, plate_of
from napari_selfseg.io._zarr._zarr_remote import address_of, answering
from napari_selfseg.io._zarr._zarr_tables import list_table, table_in, write_table

__all__ = [
    "OBJECTS",
    "Annotated",
    "Annotation",
    "ContourMap",
    "DiskFullError",
    "Drawn",
    "Georeference",
    "ImageFile",
    "Opacity",
    "OutlinesOnDisk",
    "Plate",
    "PlateField",
    "RemoteError",
    "TakenError",
    "Valid",
    "View",
    "WriteError",
    "address_of",
    "alone",
    "answering",
    "atomic_file",
    "atomic_folder",
    "check_labels_target",
    "check_target",
    "check_zarr",
    "claimed",
    "create_labels",
    "fields_of",
    "finish_labels",
    "has_outlines",
    "has_room_for_place",
    "image_of_labels",
    "inside_zarr",
    "is_abandoned",
    "is_zarr",
    "labels_in",
    "labels_of",
    "list_labels",
    "list_table",
    "load_fit",
    "load_ucm2",
    "name_classes",
    "name_objects",
    "of_channels",
    "open_image",
    "open_labels",
    "open_levels",
    "open_numbers",
    "open_pyramid",
    "owner_mark",
    "plate_of",
    "read_annotations",
    "read_bsds",
    "read_image",
    "read_label_image",
    "read_progress",
    "read_record",
    "read_truth",
    "save_fit",
    "steps_of",
    "sweep",
    "sweep_chunks",
    "table_in",
    "ucm2_regions",
    "units_in",
    "update_levels",
    "update_record",
    "write_drawn",
    "write_labels",
    "write_objects",
    "write_picture",
    "write_preview",
    "write_table",
    "written_together",
]
