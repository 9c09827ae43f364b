"""Provenance: what is needed to make a result again, as plain JSON, and reading it back."""

from napari_selfseg.record._model import check_record
from napari_selfseg.record._packing import PACKED, pack, unpack
from napari_selfseg.record._record import (
    KEYS,
    STACK,
    check_image,
    dumps,
    fingerprint,
    loads,
    software,
    weights_hash,
    with_cut,
    with_finish,
    with_outlines,
)

__all__ = [
    "KEYS",
    "PACKED",
    "STACK",
    "check_image",
    "check_record",
    "dumps",
    "fingerprint",
    "loads",
    "pack",
    "software",
    "unpack",
    "weights_hash",
    "with_cut",
    "with_finish",
    "with_outlines",
]
