"""How docks name the image they are going to work on, or do."""

from __future__ import annotations

from typing import Final

__all__ = ["AT_WORK", "NEXT", "NONE"]

NEXT: Final = "Image: {name}"
AT_WORK: Final = "Running on: {name}"
NONE: Final = "Image: none is open"
