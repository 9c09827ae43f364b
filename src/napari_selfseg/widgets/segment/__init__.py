"""The dock that segments, and what its buttons do."""
