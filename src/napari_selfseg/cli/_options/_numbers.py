"""Numbers on the command line: whole ones and shares, within bounds."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable

__all__ = ["MOST", "distance", "share", "whole"]

# No flag counts beyond what a signed number of 32 bits holds.
MOST = 2**31 - 1


def whole(least: int, most: int = MOST) -> Callable[[str], int]:
    """Return a type for `argparse`: whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        # Digits without end would be slow to read, and int() knows 1_0.
        number = int(text) if re.fullmatch(r"[+-]?\d{1,18}", text.strip()) else None
        if number is None or not least <= number <= most:
            upper = "on" if most == MOST else f"to {most}"
            raise argparse.ArgumentTypeError(
                f"takes a whole number from {least} {upper}, not {text!r}"
            )
        return number

    return read


def share(text: str) -> float:
    """Read a share above 0 and at most 1, such as ``"0.99"``."""
    return _above_0(text, 1, "a share above 0 and at most 1, such as 0.99")


def distance(text: str) -> float:
    """Read a distance in pixels, above 0 and at most 1000."""
    return _above_0(text, 1000, "a number of pixels above 0 and at most 1000, such as 1.5")


def _above_0(text: str, most: float, words: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 < found <= most:
        raise argparse.ArgumentTypeError(f"takes {words}, not {text!r}")
    return found
