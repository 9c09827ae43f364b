"""Records of labels that are filled piece by piece; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

__all__ = ["renew"]


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
