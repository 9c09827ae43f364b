"""Where the label maps of a consensus come from that need no network: a file each."""

from napari_selfseg.consensus._sources._clusters import shares_of, tabled
from napari_selfseg.consensus._sources._colour import COLOUR
from napari_selfseg.consensus._sources._image_blocks import Parts, Seen, Whole
from napari_selfseg.consensus._sources._label_maps import Borders, LabelMap, Said, Source, heard
from napari_selfseg.consensus._sources._regions import REGIONS, majority
from napari_selfseg.consensus._sources._textons import TEXTONS
from napari_selfseg.consensus._sources._texture import TEXTURE
from napari_selfseg.consensus._sources._touching import Faces, touching

__all__ = [
    "SOURCES",
    "Borders",
    "Faces",
    "LabelMap",
    "Parts",
    "Said",
    "Seen",
    "Source",
    "Whole",
    "heard",
    "majority",
    "shares_of",
    "tabled",
    "touching",
]

# The quickest first: a first look comes after each.
SOURCES: tuple[Source, ...] = (COLOUR, REGIONS, TEXTURE, TEXTONS)
