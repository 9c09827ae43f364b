"""The package as a task collection of Fractal: its tasks, and the list its manifest is made of."""
