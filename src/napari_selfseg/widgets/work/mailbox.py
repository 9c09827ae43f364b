"""A slot that holds the latest message: a fast producer never piles up work for a slow reader."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

__all__ = ["Mailbox"]

T = TypeVar("T")


class Mailbox(Generic[T]):
    """One slot between two threads; a new message replaces one that was not taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._message: T | None = None

    @property
    def empty(self) -> bool:
        """Whether the reader has taken the last message, and so is ready for another."""
        return self._message is None

    def put(self, message: T) -> None:
        """Leave a message, not None, in place of the one there."""
        with self._lock:
            self._message = message

    def take(self) -> T | None:
        """Return the message and empty the slot; None when there is nothing new."""
        with self._lock:
            message, self._message = self._message, None
            return message
