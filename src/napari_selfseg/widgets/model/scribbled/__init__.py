"""Kinds of objects that strokes show: as they are named, and as objects are of them."""
