"""Convolutions on the CPU each of whose passes takes the fastest way this machine has."""

from .bands import banded
from .function import LAST, convolve, convolve_transposed
from .precision import PRECISION_SETTING, bfloat16_pays
from .way_record import recording_ways, replaying_ways
from .ways import SETTING, WAYS, wanted_way

__all__ = [
    "LAST",
    "PRECISION_SETTING",
    "SETTING",
    "WAYS",
    "banded",
    "bfloat16_pays",
    "convolve",
    "convolve_transposed",
    "recording_ways",
    "replaying_ways",
    "wanted_way",
]
