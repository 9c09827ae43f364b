"""A plate as a picture."""
