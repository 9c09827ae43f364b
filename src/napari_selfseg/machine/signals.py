"""Signals that ask a program to end, heard while something is at work."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

__all__ = ["SIGNALS", "Heard", "is_heard", "listening", "stop_on_interrupt"]

SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)


class Heard:
    """Whether somebody interrupted."""

    def __init__(self) -> None:
        self.interrupt = False


@contextmanager
def listening() -> Iterator[Heard]:
    """Raise KeyboardInterrupt for every signal to end that comes inside the block.

    What is yielded has heard of it even where nothing was raised: some libraries swallow what is
    raised inside them.
    """
    heard = Heard()

    def interrupt(number: int, frame: FrameType | None) -> None:
        heard.interrupt = True
        raise KeyboardInterrupt

    with _handled(interrupt):
        yield heard


@contextmanager
def stop_on_interrupt(stop: Callable[[], Any]) -> Iterator[Heard]:
    """Let the first signal inside the block call `stop`, and a second one interrupt."""
    heard = Heard()

    def interrupt(number: int, frame: FrameType | None) -> None:
        if heard.interrupt:
            raise KeyboardInterrupt
        heard.interrupt = True
        stop()

    with _handled(interrupt):
        yield heard


def is_heard(number: int) -> bool:
    """Say whether a signal is this process's business."""
    # Shells start what runs in the background with Ctrl-C ignored; who sends it all the same means
    # this process.
    return number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handle the signals to end inside the block."""
    before: dict[Any, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in SIGNALS if is_heard(number)}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, each in before.items():
            # None: a handler that was not made by Python.
            signal.signal(number, signal.SIG_DFL if each is None else each)
