"""What the computer gives: memory, threads, processes, and measurements kept for it."""
