"""Labels of any method finished as objects."""
