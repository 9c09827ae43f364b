"""Objects corrected by hand: merged, cut, deleted, added, given classes, with undo and redo."""

from napari_selfseg.editing._applying import Edited, apply_edits
from napari_selfseg.editing._certainty import Certainty
from napari_selfseg.editing._edit import KINDS, Edit
from napari_selfseg.editing._evidence import Evidence
from napari_selfseg.editing._object_edits import ObjectEdits

__all__ = ["KINDS", "Certainty", "Edit", "Edited", "Evidence", "ObjectEdits", "apply_edits"]
