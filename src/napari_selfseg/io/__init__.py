"""Files in and out; records and pixel sizes travel along."""

from napari_selfseg.io._fits import load_fit, save_fit
from napari_selfseg.io._images import ImageFile, read_image
from napari_selfseg.io._labels import read_record, write_labels
from napari_selfseg.io._preview import write_picture, write_preview
from napari_selfseg.io._whole import check_target, whole_file

__all__ = [
    "ImageFile",
    "check_target",
    "load_fit",
    "read_image",
    "read_record",
    "save_fit",
    "whole_file",
    "write_labels",
    "write_picture",
    "write_preview",
]
