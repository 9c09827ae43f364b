"""Segments as objects on a background: found, missed, and how well they are outlined."""
