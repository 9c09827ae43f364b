"""How well labels fit ground truth; everything from one sparse contingency table."""

from napari_selfseg.metrics._contingency import contingency
from napari_selfseg.metrics._covering import Covering, covering

__all__ = ["Covering", "contingency", "covering"]
