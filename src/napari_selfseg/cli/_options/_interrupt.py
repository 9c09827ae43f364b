"""Ctrl-C, and SIGTERM as clusters send it, as a command takes them: in order, and at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from napari_selfseg.machine.signals import SIGNALS, is_heard

__all__ = ["INTERRUPTED", "Interrupted", "end_quietly", "keeping"]

INTERRUPTED: Final = 130


class Interrupted(KeyboardInterrupt):
    """A command was interrupted; the sentence says what is kept."""


@contextmanager
def keeping(what: Callable[[], str]) -> Iterator[None]:
    """Raise `Interrupted` in place of KeyboardInterrupt, with a sentence that says what is kept.

    `what` returns that sentence; one that something inside the block said counts more.
    """
    try:
        yield
    except Interrupted:
        raise
    except KeyboardInterrupt:
        raise Interrupted(what()) from None


def end_quietly() -> None:
    """Let a signal end this process at once and without a word: its command is over."""

    def end(number: int, frame: FrameType | None) -> None:
        os._exit(INTERRUPTED)

    for number in filter(is_heard, SIGNALS):
        signal.signal(number, end)
