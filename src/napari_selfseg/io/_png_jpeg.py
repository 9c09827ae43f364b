"""PNG and JPEG: bits, opacity and palettes as the file has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_selfseg.io._pixels._guard import check_room
from napari_selfseg.io._pixels._image_file import ImageFile, Opacity, UnsuitableError
from napari_selfseg.io._pixels._masking import masked
from napari_selfseg.io._pixels._no_data import void_beside
from napari_selfseg.io._pixels._orientation import ORIENTATION, orientation_notes
from napari_selfseg.io._tiff._geotiff import georeference, ground_size

__all__ = ["read_picture"]

# Where a PNG says how many bits a number has, and of what kind a pixel is.
BITS, KIND, GREY = 24, 25, 0


def read_picture(file: Path, *, numbers: bool = False, opacity: Opacity = "mask") -> ImageFile:
    """Read a PNG or JPEG file that is there; see `How` for `numbers` and `opacity`."""
    with _opened(file) as picture:
        notes = orientation_notes(int(picture.getexif().get(ORIENTATION, 0)))
        data = _pixels(file, picture, numbers)
    opaque = data.ndim == 3 and data.shape[-1] in (2, 4) and opacity == "mask"
    bands = (data.shape[-1] - 1,) if opaque else ()
    void = void_beside(file, data.shape, opacity=bands)
    found, mask = masked(data, void, has_channels=data.ndim == 3)
    colours = found.ndim == 3
    place = georeference(file, nodata=void.nodata[0])
    sizes, unit = ground_size(place)
    return ImageFile(
        data=found,
        channel_axis=-1 if colours else None,
        spacing=(sizes.get("y", 1.0), sizes.get("x", 1.0)),
        unit=unit,
        mask=mask,
        name=str(file),
        axes="yxc" if colours else "yx",
        unknown="" if sizes else "yx",
        notes=notes,
        georeference=place,
        void=void.words,
    )


@contextmanager
def _opened(file: Path) -> Iterator[Image.Image]:
    with file.open("rb") as stream:
        picture = Image.open(stream)
        each = len(picture.getbands()) * (2 if picture.mode.startswith("I") else 1)
        what = f"{file.name} of {picture.height} x {picture.width} pixels"
        check_room(what, picture.height * picture.width * each)
        if (n := getattr(picture, "n_frames", 1)) > 1:
            raise UnsuitableError(f"{file.name} holds {n} pictures: give a single one.")
        yield picture


def _pixels(file: Path, picture: Image.Image, numbers: bool) -> NDArray[Any]:
    if numbers and picture.mode == "P":
        return np.asarray(picture)
    if picture.format == "PNG":
        return _png(file.read_bytes(), picture.mode == "1", numbers)
    if "transparency" in picture.info:
        return np.asarray(picture.convert("RGBA"))
    return np.asarray(picture.convert("RGB") if picture.mode in ("CMYK", "P", "YCbCr") else picture)


def _png(content: bytes, bilevel: bool, numbers: bool) -> NDArray[Any]:
    # Pillow has 8 bits a colour, and a transparent colour only beside the pixels.
    data = np.asarray(imagecodecs.png_decode(content))
    if bilevel:
        return data > 0
    bits = content[BITS]
    # Grey levels of few bits come spread over all levels.
    spread = numbers and content[KIND] == GREY and bits < 8
    return data // (255 // (2**bits - 1)) if spread else data
