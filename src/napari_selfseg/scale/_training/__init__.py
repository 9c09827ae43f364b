"""A model of a collection, and its application."""
