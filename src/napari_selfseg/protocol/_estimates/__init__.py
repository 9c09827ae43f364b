"""What a run is going to take."""
