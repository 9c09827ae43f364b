"""What a network of objects learns from, before and while it learns."""
