"""Arrays of files: what is data, what is colour, and in which order."""
