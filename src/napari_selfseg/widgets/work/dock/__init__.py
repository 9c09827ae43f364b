"""What all docks are made of."""
