"""When a run changes its size or ends early."""
