"""A run that can be started: everything it needs, as plain values; no Qt and no napari here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.model.image_source import Index, Picture, read, shape_of
from napari_selfseg.widgets.model.overlay import Covered, Void
from napari_selfseg.widgets.model.stacking import Along, Stacking

if TYPE_CHECKING:
    from napari_selfseg.protocol import Finish, Fit, Method, Run
    from napari_selfseg.scale import Way

__all__ = ["Request"]


@dataclass(frozen=True)
class Request:
    """A run that can be started.

    Attributes
    ----------
    index : tuple of int or slice
        The part to segment, along its spatial axes.
    superpixels : Superpixels, Covered or None
        Algorithm, or labels; None takes what the method suggests.
    void : Void, Covered or None
        Which pixels hold no data: a rule, or labels that are 0 there.
    scribbles : Covered or None
        Classes from 1 where the user drew.
    device, precision : str
        As for `napari_selfseg.evolve`.
    start : Fit or None
        What to begin with; of tiles, what labels them.
    after : Run or None
        The run to go on with.
    stack : Stacking or None
        How it is taken apart; None for one image.
    tiles : bool
        Whether it is learned from samples and labelled tile by tile.
    finish : Finish or None
        What labels become at last.
    """

    picture: Picture
    index: Index
    method: Method
    superpixels: Any = None
    void: Void | Covered | None = None
    scribbles: Covered | None = None
    device: str = "auto"
    precision: str = "auto"
    threads: int = 1
    start: Fit | None = None
    after: Run | None = None
    stack: Stacking | None = None
    tiles: bool = False
    finish: Finish | None = None

    @property
    def along(self) -> Along:
        """The planes of a stack; one that is all, where it is no stack."""
        axes = self.stack.axes if self.stack else ()
        names = self.picture.axes or ("",) * len(self.index)
        # Axes that were cut through are no axes of the part.
        pairs = zip(self.index, names, strict=True)
        kept = [(each.start or 0, name) for each, name in pairs if isinstance(each, slice)]
        return Along(axes, self.shape, tuple(n for _, n in kept), tuple(at for at, _ in kept))

    @property
    def shape(self) -> tuple[int, ...]:
        """Spatial shape of the part."""
        return shape_of(self.picture.shape, self.index)

    @property
    def way(self) -> Way:
        """How it is labelled; tiles are chosen by a person, and offered where memory is short."""
        from napari_selfseg.scale import choose_way

        along = self.stack is not None
        return choose_way(len(self.shape), along=along, tiled=self.tiles, fits=lambda: True)

    @property
    def makes_objects(self) -> bool:
        """Whether its labels are objects."""
        return self.method.instances or self.finish is not None

    @property
    def pixels(self) -> int:
        """Number of pixels of the part."""
        return prod(self.shape)

    @property
    def channels(self) -> int:
        """Channels of the image; 0 when there is no axis of them."""
        return 3 if self.picture.rgb else len(self.picture.data) * (len(self.picture.data) > 1)

    @property
    def source(self) -> dict[str, Any]:
        """Where the image comes from, for its record."""
        picture, places = self.picture, zip(self.index, self.picture.shape, strict=True)
        region = [e if isinstance(e, int) else list(e.indices(n)[:2]) for e, n in places]
        return {
            "layers": list(picture.names),
            "path": picture.path,
            "origins": [each.as_record() for each in picture.origins],
            "multiscale": picture.multiscale,
            "rgb": picture.rgb,
            "region": region if self.shape != picture.shape else None,
        }

    def in_part(self, pixel: Sequence[float]) -> tuple[float, ...]:
        """Return where a pixel of the image lies in the part, perhaps outside of it."""
        pairs = zip(pixel, self.index, strict=True)
        return tuple(at - (e.start or 0) for at, e in pairs if isinstance(e, slice))

    def arrays(self) -> dict[str, Any]:
        """Return the arguments of `napari_selfseg.evolve`; slow where the data lie on a disk."""
        image = read(self.picture, self.index)
        given = self.superpixels
        return {
            "image": image,
            "channel_axis": -1 if self.channels else None,
            "superpixels": given.read() if isinstance(given, Covered) else given,
            "mask": self._mask(image),
            "scribbles": None if self.scribbles is None else self.scribbles.read(),
            "spacing": self.spacing,
            "name": self.picture.name,
        }

    def _mask(self, image: NDArray[Any]) -> NDArray[np.bool_] | None:
        if isinstance(self.void, Covered):
            return self.void.read() != 0
        return None if self.void is None else self.void.mask(image, bool(self.channels))

    @property
    def spacing(self) -> tuple[float, ...]:
        """Physical size of a pixel along each axis of the part."""
        pairs = zip(self.picture.scale, self.index, strict=True)
        return tuple(abs(size) for size, each in pairs if isinstance(each, slice))
