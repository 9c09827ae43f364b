"""Which ways a run took, and taking the same ones again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

__all__ = ["record_way", "recorded_way", "recording_ways", "replaying_ways"]

_NOTES: ContextVar[dict[str, str] | None] = ContextVar("notes", default=None)
_FOLLOWED: ContextVar[Mapping[str, str]] = ContextVar("followed", default=MappingProxyType({}))


@contextmanager
def recording_ways(notes: dict[str, str]) -> Iterator[None]:
    """Write down which way each kind of layer takes inside the block, in this thread."""
    token = _NOTES.set(notes)
    try:
        yield
    finally:
        _NOTES.reset(token)


@contextmanager
def replaying_ways(recorded: Mapping[str, str]) -> Iterator[None]:
    """Take the ways noted by `recording_ways`, inside the block and in this thread."""
    token = _FOLLOWED.set(recorded)
    try:
        yield
    finally:
        _FOLLOWED.reset(token)


def recorded_way(kind: str) -> str | None:
    """Return the way that was noted for a kind of layer; None where nothing was."""
    return _FOLLOWED.get().get(kind)


def record_way(kind: str, way: str) -> None:
    """Write down which way a kind of layer took."""
    notes = _NOTES.get()
    if notes is not None:
        notes[kind] = way
