"""Arrays inside a record: compressed, and unpacked within bounds."""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

__all__ = ["PACKED", "pack", "unpack"]

PACKED: Final = "npy+zlib+base64"
# Bytes within which the head of an array ends.
HEAD: Final = 4096
VERSIONS: Final = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def pack(array: NDArray[Any]) -> dict[str, str]:
    """Turn an array of numbers into a JSON value."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return {"encoding": PACKED, "data": base64.b64encode(zlib.compress(buffer.getvalue())).decode()}


def unpack(packed: Mapping[str, str], shape: Sequence[int] | None = None) -> NDArray[Any]:
    """Return the array that `pack` packed.

    Parameters
    ----------
    packed : mapping
        From `pack`.
    shape : sequence of int, optional
        That it must have, so that nothing larger is unpacked: the spatial shape of the image. Any
        by default.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        When it is damaged, or of another shape; it is not unpacked then.
    """
    try:
        return _unpacked(packed["data"], shape)
    except (KeyError, TypeError, ValueError, zlib.error, EOFError, MemoryError) as error:
        raise ValueError(f"An array inside the record is damaged: {error}") from None


def _unpacked(text: str, shape: Sequence[int] | None) -> NDArray[Any]:
    stream = zlib.decompressobj()
    head = stream.decompress(_bytes(text), HEAD)
    found, fortran, dtype, start = _described(head)
    if shape is not None and found != tuple(shape):
        raise ValueError(f"its shape is {found}, and that of the image {tuple(shape)}.")
    size = prod(found) * dtype.itemsize
    rest = stream.decompress(stream.unconsumed_tail, max(size - len(head) + start, 0) + 1)
    if len(head) - start + len(rest) != size or not stream.eof:
        raise ValueError(f"it is not of the shape {found} that it names.")
    flat = np.frombuffer(head[start:] + rest, dtype)
    return flat.reshape(found, order="F" if fortran else "C").copy(order="K")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _described(head: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Return shape, order and type of an array, and where its numbers begin."""
    buffer = io.BytesIO(head)
    version = npy.read_magic(buffer)
    if version not in VERSIONS:
        raise ValueError(f"its version {version} is not known.")
    shape, fortran, dtype = VERSIONS[version](buffer, max_header_size=HEAD)
    if dtype.kind not in "buif" or any(n < 0 for n in shape):
        raise ValueError(f"it holds {dtype} of shape {shape}.")
    return shape, fortran, dtype, buffer.tell()
