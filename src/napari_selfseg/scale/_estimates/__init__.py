"""What labelling a large image is going to take."""
