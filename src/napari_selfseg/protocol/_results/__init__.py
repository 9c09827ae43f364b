"""What a run has found so far."""
