"""Votes of networks on borders."""
