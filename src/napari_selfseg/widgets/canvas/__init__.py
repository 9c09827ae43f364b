"""Layers of napari: read, written, watched and drawn on."""
