"""Superpixels: numpy in, contiguous connected labels out."""

from napari_selfseg.superpixels._base import Superpixels
from napari_selfseg.superpixels._editing._array import EditedArray
from napari_selfseg.superpixels._editing._edit import Edits
from napari_selfseg.superpixels._felzenszwalb._felzenszwalb import Felzenszwalb
from napari_selfseg.superpixels._lsc import Lsc
from napari_selfseg.superpixels._mean_shift import MeanShift
from napari_selfseg.superpixels._patches import Patches
from napari_selfseg.superpixels._quickshift import Quickshift
from napari_selfseg.superpixels._slic import Slic
from napari_selfseg.superpixels._spnn import Spnn
from napari_selfseg.superpixels._watersheds._automatic_watershed import AutomaticWatershed
from napari_selfseg.superpixels._watersheds._block_by_block import at_once, blocks
from napari_selfseg.superpixels._watersheds._compact_watershed import CompactWatershed
from napari_selfseg.superpixels._watersheds._contour_watershed import ContourWatershed
from napari_selfseg.superpixels._watersheds._line_watershed import LineWatershed

__all__ = [
    "AutomaticWatershed",
    "CompactWatershed",
    "ContourWatershed",
    "EditedArray",
    "Edits",
    "Felzenszwalb",
    "LineWatershed",
    "Lsc",
    "MeanShift",
    "Patches",
    "Quickshift",
    "Slic",
    "Spnn",
    "Superpixels",
    "at_once",
    "blocks",
]
