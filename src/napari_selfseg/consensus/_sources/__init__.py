"""Where the label maps of a consensus come from that need no network: a file each."""

from napari_selfseg.consensus._sources._clusters import labels_by_clusters
from napari_selfseg.consensus._sources._colour import colour
from napari_selfseg.consensus._sources._regions import regions
from napari_selfseg.consensus._sources._seen import LabelMap, Seen, Source
from napari_selfseg.consensus._sources._textons import textons
from napari_selfseg.consensus._sources._texture import texture

__all__ = ["SOURCES", "LabelMap", "Seen", "Source", "labels_by_clusters"]

# The quickest first: a first look comes after each.
SOURCES: tuple[Source, ...] = (colour, regions, texture, textons)
