"""Labels over a picture, as PNG, and what a notebook shows of work, as HTML."""
