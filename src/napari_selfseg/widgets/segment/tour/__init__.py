"""A tour of the Segment dock, and commands that the palette finds."""
