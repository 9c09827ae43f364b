"""Felzenszwalb and Huttenlocher at several scales from one sort of the edges."""
