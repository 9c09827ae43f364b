"""The napari side: forms from declared parameters, a live run, docks; nothing here imports torch."""
