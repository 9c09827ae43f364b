"""Names and keys of controls."""
