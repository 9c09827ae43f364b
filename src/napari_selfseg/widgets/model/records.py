"""Records of labels that are filled piece by piece, or corrected; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

__all__ = ["renew", "with_edits"]


def renew(records: MutableMapping[Any, Any], key: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Put a record in the place of an earlier one; that somebody corrected it stays said.

    Parameters
    ----------
    records : dict
        Of a layer.
    key : str
        Of the record.
    record : mapping
        How the labels were made.

    Returns
    -------
    dict
        As it was put.
    """
    before = records.get(key, {})
    edited = {each: before[each] for each in ("edited", "edits") if before.get(each)}
    records[key] = {**record, **edited}
    return {**record, **edited}


def with_edits(record: Mapping[str, Any], edits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Say in a record what was corrected in the labels.

    Parameters
    ----------
    record : mapping
        How the labels were made.
    edits : sequence of mapping
        All corrections; none where they were taken back.
    """
    rest = {key: value for key, value in record.items() if key != "edits"}
    return {**rest, "edits": list(edits)} if edits else rest
