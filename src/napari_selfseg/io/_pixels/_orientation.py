"""Pictures that ask to be turned before they are shown."""

from __future__ import annotations

from typing import Final

__all__ = ["ORIENTATION", "orientation_notes"]

# The tag, in TIFF and EXIF alike.
ORIENTATION: Final = 274
UPRIGHT: Final = 1


def orientation_notes(code: int) -> tuple[str, ...]:
    """Say that a picture is not turned, so that labels lie over it in napari, which turns none.

    `code` is that of the tag, from 1. The words follow the name of a file; there are none for a
    picture that stands upright.
    """
    if not UPRIGHT < code <= 8:
        return ()
    return (
        f"asks to be turned or mirrored (orientation {code}): its pixels are read as they are "
        "stored, which is how napari shows them.",
    )
