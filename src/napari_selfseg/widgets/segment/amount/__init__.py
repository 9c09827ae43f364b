"""Few or many segments of the last run, of an image and of tiles."""
