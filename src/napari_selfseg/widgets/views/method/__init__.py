"""What is said about a method."""
