"""How labels look: lines or areas, and their legend."""
