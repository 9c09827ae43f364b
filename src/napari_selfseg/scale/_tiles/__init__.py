"""Images larger than memory, tile by tile."""
