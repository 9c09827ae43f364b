"""What a command says while it is at work, and its words for one and for many."""

from __future__ import annotations

import errno
import re
import sys
import tempfile
import traceback
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from napari_selfseg import remedies

__all__ = ["in_a_line", "in_flags", "report_fault", "sentence_of"]

# A path or value is cut in its middle beyond LONGEST_WORD characters, a line at its end.
LONGEST_WORD = 120
LONGEST_LINE = 380
KNOWN = {
    errno.ENOSPC: "the disk is full: free some space, or write elsewhere",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EMFILE: "too many files are open: close some programs, or raise the limit (ulimit -n)",
    errno.EROFS: "nothing can be written there: choose another folder",
}


def in_a_line(text: str) -> str:
    """Put a message into one printable line, with long words cut and remedies said in flags."""
    words = (_cut(each) for each in re.split(r"\s+", in_flags(text).strip()))
    line = "".join(c if c.isprintable() else "?" for c in " ".join(words))
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1].rstrip()}…"


def _cut(word: str) -> str:
    if len(word) <= LONGEST_WORD:
        return word
    half = LONGEST_WORD // 2
    return f"{word[:half]}…{word[-half:]}"


def sentence_of(error: BaseException) -> str:
    """Say what an error means, without the numbers of the system."""
    if isinstance(error, MemoryError) and not str(error):
        return "Not enough memory: try a smaller image."
    if isinstance(error, OSError) and error.errno is not None and error.strerror:
        why = KNOWN.get(error.errno, error.strerror.lower())
        return f"{error.filename}: {why}." if error.filename else f"{_capital(why)}."
    return str(error) or type(error).__name__


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def report_fault(error: BaseException) -> str:
    """Keep the traceback of a fault that nobody foresaw, and say in a sentence where."""
    kind = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    told = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            encoding="utf-8",
            errors="backslashreplace",
            prefix="napari-selfseg-",
            suffix=".txt",
            delete=False,
        ) as file:
            file.write(f"{sys.argv}\n\n{told}")
    except OSError:
        return f"A fault of napari-selfseg, please report it: {in_a_line(kind)}"
    return f"A fault of napari-selfseg, please report it with {file.name}: {in_a_line(kind)}"


WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        remedies.NAN: "replace them, or give segment a --mask FILE that is 0 in these pixels",
        remedies.NO_PIXEL: "The mask is 0 everywhere: it is 0 only where there are no data",
        remedies.CHANNEL_AXIS: (
            "give one plane or volume, or go along the stack (segment and batch have --carry)"
        ),
        remedies.OTHER_ALGORITHM: (
            "choose another superpixel algorithm, or go along the stack (segment and batch have "
            "--carry independent)"
        ),
        remedies.CHANNELS: "give an image with the same channels in the same order",
        remedies.PLANES: "fit more of them (--planes-fitted), or replace the NaN",
        remedies.ALONG: "go along it with --carry, or give planes",
        remedies.TILE_BY_TILE: "leave out --carry, so that it goes tile by tile",
        remedies.OUTLINES: "give --outlines superpixels, or leave out --memory and --tile",
        remedies.TRAINED_OTHERWISE: (
            "leave these flags out to go on with its own, or choose another file"
        ),
    }
)


def in_flags(sentence: str) -> str:
    """Say in flags what a sentence says in arguments."""
    return remedies.reworded(sentence, WORDS)
