"""Superpixels: numpy in, contiguous connected labels out."""

from napari_selfseg.superpixels._automatic_watershed import AutomaticWatershed
from napari_selfseg.superpixels._base import Superpixels
from napari_selfseg.superpixels._block_by_block import at_once, blocks
from napari_selfseg.superpixels._compact_watershed import CompactWatershed
from napari_selfseg.superpixels._contour_watershed import ContourWatershed
from napari_selfseg.superpixels._edit import Edits
from napari_selfseg.superpixels._felzenszwalb import Felzenszwalb
from napari_selfseg.superpixels._line_watershed import LineWatershed
from napari_selfseg.superpixels._lsc import Lsc
from napari_selfseg.superpixels._mean_shift import MeanShift
from napari_selfseg.superpixels._patches import Patches
from napari_selfseg.superpixels._quickshift import Quickshift
from napari_selfseg.superpixels._slic import Slic
from napari_selfseg.superpixels._spnn import Spnn

__all__ = [
    "AutomaticWatershed",
    "CompactWatershed",
    "ContourWatershed",
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
