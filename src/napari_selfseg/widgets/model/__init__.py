"""Plain values of the docks: what is chosen, asked for and said; neither Qt nor napari."""
