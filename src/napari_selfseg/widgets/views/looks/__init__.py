"""What says how labels look."""
