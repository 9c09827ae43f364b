"""What a person gave, checked."""
