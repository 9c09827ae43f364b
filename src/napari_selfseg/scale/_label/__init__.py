"""The labels of one image by a recipe: as a whole, by planes or by tiles."""
