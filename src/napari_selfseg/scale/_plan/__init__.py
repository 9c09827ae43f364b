"""What is to be done tile by tile: the image, its parts, and which of them are done."""
