"""Recorded labels made again: at once, or by a Python script that does so."""

from napari_selfseg.replaying._replay import replay
from napari_selfseg.replaying._script import as_script

__all__ = ["as_script", "replay"]
