"""Labels corrected on the canvas: clicks, strokes, keys, and what is marked."""
