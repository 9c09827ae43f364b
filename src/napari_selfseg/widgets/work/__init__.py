"""Runs in threads of their own, and what is left of them."""
