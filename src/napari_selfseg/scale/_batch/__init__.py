"""Many images by one recipe."""
