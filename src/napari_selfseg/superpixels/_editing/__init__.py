"""Superpixels edited by hand."""
