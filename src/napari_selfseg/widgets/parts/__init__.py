"""Pieces of windows that know no run."""
