"""Touching objects told apart."""
