"""What a run is going to take, and what to do where that is too much."""
