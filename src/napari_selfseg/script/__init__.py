"""Records as Python scripts."""

from napari_selfseg.script._script import as_script

__all__ = ["as_script"]
