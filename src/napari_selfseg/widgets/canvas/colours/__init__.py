"""Colours of labels."""
