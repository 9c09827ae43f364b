"""Strokes of a person, and what they do."""
