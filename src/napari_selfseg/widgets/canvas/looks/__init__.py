"""How labels layers look."""
