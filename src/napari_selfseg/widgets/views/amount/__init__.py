"""Few or many segments: before a run, and after it."""
