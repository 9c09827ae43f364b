"""Stacks and images larger than memory, plane by plane and tile by tile."""
