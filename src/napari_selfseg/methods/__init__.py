"""The methods: one paper, one file."""

from napari_selfseg.methods._backprop import Backprop

__all__ = ["Backprop"]
