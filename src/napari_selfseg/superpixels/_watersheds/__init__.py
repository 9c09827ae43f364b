"""Watersheds, and what they flood."""
