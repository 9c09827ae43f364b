"""One guard where files come in: what is read is data, or an error of one sentence."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from math import inf, prod
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from napari_selfseg.io._pixels._image_file import ImageFile, RemoteError, UnsuitableError, reason
from napari_selfseg.io._pixels._page_chain import check_chain

__all__ = ["check_axes", "check_image_file", "check_room", "check_whole", "reading"]

# Reading so many pieces takes minutes; a piece of fewer bytes is smaller than its own address.
MOST_PIECES = 1_000_000
SMALLEST_PIECE = 256


@contextlib.contextmanager
def reading(file: Path, what: str) -> Iterator[None]:
    """Turn whatever a reader raises over a damaged file into one sentence.

    `what` says as what it is read, such as ``"an image"``.

    Raises
    ------
    PermissionError
        When it may not be opened.
    ValueError
        When it is damaged, or something else.
    """
    try:
        with _patient_pillow(), _silent_tifffile():
            if file.is_file() and file.suffix.lower() in (".tif", ".tiff"):
                check_chain(file)
            yield
    except PermissionError:
        raise PermissionError(f"{file} cannot be opened: no permission.") from None
    except (UnsuitableError, RemoteError):
        raise
    except Exception as error:  # decoders let errors of every kind through
        raise ValueError(f"{file.name} cannot be read as {what}: {reason(error)}") from error


@contextlib.contextmanager
def _patient_pillow() -> Iterator[None]:
    # Pillow takes large pictures for an attack; what fits into memory is ours to say.
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


@contextlib.contextmanager
def _silent_tifffile() -> Iterator[None]:
    # What matters of its log is raised; where no program asked for a log, Python prints it.
    logger, nowhere = logging.getLogger("tifffile"), logging.NullHandler()
    logger.addHandler(nowhere)
    try:
        yield
    finally:
        logger.removeHandler(nowhere)


def check_image_file(image: ImageFile) -> None:
    """Refuse an image without pixels, or in too many or too large pieces, however it is read."""
    name, shape = Path(image.name).name, tuple(map(int, image.data.shape))
    if 0 in shape:
        raise UnsuitableError(f"{name} has no pixels: its shape is {shape}.")
    pieces = getattr(image.data, "chunks", None)
    if not pieces:
        return
    if 0 in pieces:
        raise UnsuitableError(f"{name} is damaged: its pieces have the shape {tuple(pieces)}.")
    many = prod(-(-n // size) for n, size in zip(shape, pieces, strict=True))
    each = prod(pieces) * image.data.dtype.itemsize
    if many > MOST_PIECES and each < SMALLEST_PIECE:
        raise UnsuitableError(
            f"{name} lies in {many} pieces of {_size(pieces)} pixels, which would take for ever to "
            "read: store it in larger pieces (chunks)."
        )
    check_room(f"A piece of {name} of {_size(pieces)} pixels", each)


def check_axes(image: ImageFile, title: str) -> None:
    """Refuse an image whose axes and pixel sizes are not those of its data.

    The sentence names the format, which is at fault, by its `title`.
    """
    name, axes, shape = Path(image.name).name, image.axes, tuple(map(int, image.data.shape))
    channels = None if image.channel_axis is None else image.channel_axis % max(len(shape), 1)
    ordered = "".join(letter for letter in "tzyxc" if letter in axes)
    if len(axes) != len(shape) or axes != ordered or "yx" not in axes:
        raise UnsuitableError(
            f"The format {title} gives {name} the axes {axes!r} for data of shape {shape}: they "
            "are a letter for each, of t, z, y, x and c in this order."
        )
    if (channels is None) != ("c" not in axes) or channels not in (None, len(axes) - 1):
        raise UnsuitableError(
            f"The format {title} gives {name} the axes {axes!r} and the channel axis "
            f"{image.channel_axis}: it is the last one where there is a c, and None elsewhere."
        )
    steps = tuple(image.spacing)
    if len(steps) != len(image.shape) or not all(0 < step < inf for step in steps):
        raise UnsuitableError(
            f"The format {title} gives {name} the spacing {steps} for the axes {axes!r}: it is a "
            "positive number for each but c."
        )


def check_room(what: str, size: int) -> None:
    """Refuse to read more bytes than the memory that is free holds; `what` begins the sentence."""
    free = int(psutil.virtual_memory().available)
    if size > free:
        raise UnsuitableError(
            f"{what} takes {size / 1e9:.3g} GB in memory, and {free / 1e9:.3g} GB are free: go "
            "tile by tile (--memory 2GB), or give a part of it."
        )


def check_whole(name: str, shape: Sequence[int], dtype: Any) -> None:
    """Refuse to read an image whole, channels included, that the free memory does not hold."""
    size = prod(map(int, shape)) * np.dtype(dtype).itemsize
    check_room(f"{name} of {_size(shape)} pixels", size)


def _size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
