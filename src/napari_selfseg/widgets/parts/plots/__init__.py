"""What is drawn as a curve or as bars."""
