"""Units of length and sizes of pixels."""
