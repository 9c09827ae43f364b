"""What the computer gives: memory, threads, processes, and answers kept for it."""
