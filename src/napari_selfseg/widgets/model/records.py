"""Records of labels that are filled piece by piece, or corrected; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

__all__ = ["renew", "with_edits"]


def renew(records: MutableMapping[Any, Any], key: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Replace an earlier record of a layer, and return the new one.

    That somebody corrected the labels stays said.
    """
    before = records.get(key, {})
    edited = {each: before[each] for each in ("edited", "edits") if before.get(each)}
    records[key] = {**record, **edited}
    return {**record, **edited}


def with_edits(record: Mapping[str, Any], edits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a record with all corrections of its labels; none where they were taken back."""
    rest = {key: value for key, value in record.items() if key != "edits"}
    return {**rest, "edits": list(edits)} if edits else rest
