"""Stacks and time series, plane by plane."""
