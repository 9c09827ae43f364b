"""Objects from classes: connected pieces, small ones removed, and what can be measured of them."""

from napari_selfseg.objects._features import object_features
from napari_selfseg.objects._pieces import classes_of, connected, merged_small

__all__ = ["classes_of", "connected", "merged_small", "object_features"]
