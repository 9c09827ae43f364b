"""Files in and out; records and pixel sizes travel along."""

from napari_selfseg.io._contours import ContourMap, load_ucm2, ucm2_regions
from napari_selfseg.io._fits import load_fit, read_progress, save_fit
from napari_selfseg.io._images import SUFFIXES, ImageFile, read_image
from napari_selfseg.io._labels import read_record, write_labels
from napari_selfseg.io._preview import write_picture, write_preview
from napari_selfseg.io._truth import Annotation, read_bsds, read_label_image, read_truth
from napari_selfseg.io._whole import check_target, whole_file

__all__ = [
    "SUFFIXES",
    "Annotation",
    "ContourMap",
    "ImageFile",
    "check_target",
    "load_fit",
    "load_ucm2",
    "read_bsds",
    "read_image",
    "read_label_image",
    "read_progress",
    "read_record",
    "read_truth",
    "save_fit",
    "ucm2_regions",
    "whole_file",
    "write_labels",
    "write_picture",
    "write_preview",
]
