"""What every source is given: an image in blocks, and one block of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.colours import lab
from napari_selfseg.grid import Box, Grid
from napari_selfseg.protocol import Found, Picture
from napari_selfseg.superpixels import blocks
from napari_selfseg.superpixels._watersheds._lines import Lines, find_lines
from napari_selfseg.superpixels._watersheds._window import window_of

__all__ = ["Parts", "Seen", "Whole"]

# How far a block sees beyond itself: the widest windows of texture are six pixels wide.
_HALO: Final = {2: 32, 3: 16}
# Windows, in the middle of as many blocks, from which is learnt what holds for a whole image, and
# pixels along their axes.
_SAMPLES: Final = 64
_SAMPLE_SIDE: Final = {2: 128, 3: 32}


@dataclass(frozen=True)
class Seen:
    """An image, or a part of one, as the sources see it.

    Attributes
    ----------
    image : ndarray of float32
        ``(*spatial, C)`` between 0 and 1.
    mask : ndarray of bool
        ``(*spatial)``, True where there are data; somewhere.
    axis : ndarray of float32, optional
        ``(C,)`` direction of light among the channels of the whole image; of this by default.
    known : dict of str to ndarray
        What sources have found out about it.
    """

    image: NDArray[np.float32]
    mask: NDArray[np.bool_]
    axis: NDArray[np.float32] | None = None
    known: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @cached_property
    def colours(self) -> NDArray[np.float32]:
        """``(*spatial, C)`` CIE Lab of three channels, the channels times 100 otherwise.

        Where there are no data, their mean.
        """
        found = lab(self.image).astype(np.float32)
        if not self.mask.all():
            found[~self.mask] = found[self.mask].mean(axis=0, dtype=np.float64)
        return found

    @property
    def filled(self) -> NDArray[np.float32]:
        """``(*spatial, C)`` the image, with its mean where there are no data."""
        if self.mask.all():
            return self.image
        found = self.image.copy()
        found[~self.mask] = self.image[self.mask].mean(axis=0, dtype=np.float64)
        return found

    @cached_property
    def light(self) -> NDArray[np.float32]:
        """``(*spatial)`` lightness of Lab; otherwise the first principal component."""
        if self.image.shape[-1] in (1, 3):
            return self.colours[..., 0]
        axis = principal(self.colours[self.mask]) if self.axis is None else self.axis
        found: NDArray[np.float32] = self.colours @ axis
        return found


@dataclass(frozen=True)
class Whole:
    """A picture in memory.

    Attributes
    ----------
    image : ndarray of float32
        ``(*spatial, C)`` between 0 and 1.
    mask : ndarray of bool
        ``(*spatial)``, True where there are data.
    """

    image: NDArray[np.float32]
    mask: NDArray[np.bool_]

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Picture.shape`."""
        return self.mask.shape

    def window(self, box: Box) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """See `Picture.window`."""
        return self.image[box], self.mask[box]


class Parts:
    """A picture in blocks that see a little beyond themselves.

    Parameters
    ----------
    picture : Picture
        The image.
    seed : int
        Of what is drawn at random.
    check : callable, optional
        Called after each block; raises where all is to end.
    polarity : int
        Of the lines that are looked for; 0 for the clearer ones.

    Attributes
    ----------
    grid : Grid
        The blocks.
    """

    def __init__(
        self,
        picture: Picture,
        seed: int,
        check: Callable[[], None] = lambda: None,
        *,
        polarity: int = 0,
    ) -> None:
        self.picture, self.seed, self.check, self.polarity = picture, seed, check, polarity
        self.grid = self.grid_of(picture.shape)
        self._only: Seen | None = None

    @staticmethod
    def grid_of(shape: tuple[int, ...]) -> Grid:
        """Divide an image of this spatial shape into blocks that see a little beyond themselves."""
        return blocks(shape, _HALO[len(shape)])

    def seen(self, number: int) -> Seen:
        """Return what a block sees."""
        if self._only is not None:
            return self._only
        found = Seen(*self.picture.window(self.grid.outer(number)), self._axis)
        if len(self.grid) == 1:  # what it has worked out is wanted again
            self._only = found
        return found

    @property
    def channels(self) -> int:
        """Number of channels."""
        corner = tuple(slice(0, 1) for _ in self.picture.shape)
        return int(self.picture.window(corner)[0].shape[-1])

    @cached_property
    def samples(self) -> list[tuple[Box, Box]]:
        """Windows from which is learnt what holds for the whole image.

        Each as it is read, and the part of that which is looked at: the only block, or windows in
        the middle of blocks that are evenly spread.
        """
        if len(self.grid) == 1:
            return [(self.grid.outer(0), self.grid.crop(0))]
        steps = np.linspace(0, len(self.grid) - 1, min(len(self.grid), _SAMPLES))
        return [self._middle(int(step)) for step in np.unique(np.rint(steps))]

    def sample(self, at: int) -> Seen:
        """Return what one of the `samples` sees."""
        if len(self.grid) == 1:
            return self.seen(0)
        return Seen(*self.picture.window(self.samples[at][0]), self._axis)

    @cached_property
    def lines(self) -> Lines:
        """What lines there are, as is seen in a window of a large image."""

        def data(box: Box) -> int:
            return int(np.count_nonzero(self.picture.window(box)[1]))

        seen = Seen(*self.picture.window(window_of(self.picture.shape, data)))
        return find_lines(seen.filled, np.ones(seen.mask.ndim), seen.mask, self.polarity)

    @property
    def learnt(self) -> Found:
        """What holds for the whole image, for who sees blocks alone: as for `remember`."""
        found = {"pixels": np.array(self.pixels)}
        return found if self._axis is None else found | {"axis": self._axis}

    def remember(self, learnt: Found) -> Parts:
        """Take what holds for the whole image as known; return itself.

        It is from `learnt`, or ``"lines"`` as an array.
        """
        if "pixels" in learnt:
            self.__dict__["pixels"] = int(learnt["pixels"])
            self.__dict__["_axis"] = learnt.get("axis")
        if "lines" in learnt:
            self.__dict__["lines"] = Lines.restored(learnt["lines"])
        return self

    @cached_property
    def pixels(self) -> int:
        """How many have data; of several blocks as many as in the samples, in proportion."""
        data = [self.picture.window(outer)[1][crop] for outer, crop in self.samples]
        share = sum(map(np.count_nonzero, data)) / sum(each.size for each in data)
        return round(share * prod(self.picture.shape))

    @cached_property
    def _axis(self) -> NDArray[np.float32] | None:
        """Direction of light, of more blocks than one."""
        if len(self.grid) == 1 or self.channels in (1, 3):
            return None
        seen = (Seen(*self.picture.window(outer)) for outer, _ in self.samples)
        points = [each.colours[each.mask] for each in seen if each.mask.any()]
        return principal(np.concatenate(points))

    def _middle(self, number: int) -> tuple[Box, Box]:
        side = _SAMPLE_SIDE[len(self.grid.shape)]
        outer, crop = [], []
        for box, n, halo in zip(
            self.grid.inner(number), self.grid.shape, self.grid.halo, strict=True
        ):
            start = (box.start + box.stop - min(side, box.stop - box.start)) // 2
            stop = min(start + side, box.stop)
            outer.append(slice(max(start - halo, 0), min(stop + halo, n)))
            crop.append(slice(start - outer[-1].start, stop - outer[-1].start))
        return tuple(outer), tuple(crop)


def principal(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the first principal axis of colours ``(M, C)``, along which bright stays bright."""
    points = colours.astype(np.float64)
    points -= points.mean(axis=0)
    axis = np.linalg.eigh(points.T @ points)[1][:, -1]
    axis *= np.sign(axis.sum()) or 1.0
    found: NDArray[np.float32] = axis.astype(np.float32)
    return found
