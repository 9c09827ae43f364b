"""Objects like those that a person has shown."""
