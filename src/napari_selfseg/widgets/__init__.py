"""The napari side: forms from declarations, live runs, docks; torch comes in a worker thread."""
