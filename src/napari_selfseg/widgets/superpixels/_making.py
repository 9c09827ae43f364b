"""From what is filled in to superpixels, in a worker thread; no Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from numpy.typing import NDArray

from napari_selfseg.widgets.model.image_source import read, shape_of

if TYPE_CHECKING:
    from napari_selfseg.io import ContourMap
    from napari_selfseg.superpixels import Edits, Superpixels
    from napari_selfseg.widgets.model.image_source import Index, Picture

__all__ = ["Made", "SuperpixelRequest", "counted", "make"]

NO_BREAK: Final = "\u00a0"


@dataclass(frozen=True)
class SuperpixelRequest:
    """Superpixels that can be made.

    Attributes
    ----------
    index : tuple of int or slice
        The part of it, along its spatial axes.
    """

    picture: Picture
    index: Index
    algorithm: Superpixels | ContourMap

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the labels layer: a plane of a volume is one pixel thick."""
        return shape_of(self.picture.shape, self.index, thin=True)

    @property
    def spacing(self) -> tuple[float, ...]:
        """Physical size of a pixel along each axis of the part."""
        pairs = zip(self.picture.scale, self.index, strict=True)
        return tuple(abs(size) for size, each in pairs if isinstance(each, slice))


@dataclass(frozen=True)
class Made:
    """Superpixels that were made.

    Attributes
    ----------
    edits : Edits
        The labels, ready to be edited.
    record : dict
        How they were made.
    image : ndarray
        What they were made of, ``(*spatial)`` or ``(*spatial, C)``.
    """

    edits: Edits
    record: dict[str, Any]
    image: NDArray[Any]


def make(request: SuperpixelRequest) -> Made:
    """Make superpixels; call it in a worker thread.

    Raises
    ------
    ValueError
        When image or file cannot be used.
    OSError
        When a file cannot be read.
    MemoryError
        When there is not enough memory.
    """
    from napari_selfseg.catalogue import over_segment
    from napari_selfseg.io import ContourMap
    from napari_selfseg.superpixels import Edits

    image, source = read(request.picture, request.index), cast(Any, request.algorithm)
    if isinstance(source, ContourMap):
        source = source.regions(image.shape[:-1] if request.picture.rgb else image.shape)
    labels, record = over_segment(
        image,
        source,
        channel_axis=-1 if request.picture.rgb else None,
        spacing=request.spacing,
        name=request.picture.name,
    )
    colours = image.shape[labels.ndim :]
    return Made(
        Edits(labels.reshape(request.shape)), record, image.reshape(*request.shape, *colours)
    )


def counted(edits: Edits) -> str:
    """Say how many superpixels there are, and how large: ``"9 871 superpixels, median 15 px"``."""
    if not edits.count:
        return "No superpixels"
    number = f"{edits.count:,}".replace(",", NO_BREAK)
    word = "superpixel" if edits.count == 1 else "superpixels"
    size = f"{edits.median_size:,.0f}".replace(",", NO_BREAK)
    return f"{number} {word}, median {size} px"
