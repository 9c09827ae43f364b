"""How labels are looked at, as plain arithmetic."""
