"""What is asked for: a method with all that goes with it, in a file."""
