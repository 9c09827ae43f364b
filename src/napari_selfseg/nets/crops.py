"""Random crops of images, for networks that are trained on parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Crop:
    """A part of one image of a batch, perhaps flipped along the last axis.

    Attributes
    ----------
    image : int
        Which image.
    where : tuple of slice
        Along each spatial axis.
    flipped : bool
        Whether it is turned round.
    """

    image: int
    where: tuple[slice, ...]
    flipped: bool

    def __call__(self, batch: Tensor) -> Tensor:
        """Take the part out of `batch`, shape (N, ..., *spatial)."""
        one = batch[self.image]
        before = [slice(None)] * (one.ndim - len(self.where))
        part = one[(*before, *self.where)]
        return part.flip(-1) if self.flipped else part


def crops(
    batches: Sequence[Tensor],
    side: int,
    count: int,
    generator: torch.Generator,
    valid: Tensor | None = None,
) -> Iterator[tuple[list[Tensor], Tensor | None]]:
    """Draw the same random crops of several tensors, again and again.

    Parameters
    ----------
    batches : sequence of Tensor
        Each ``(N, ..., *spatial)``; the last one ``(N, *spatial)``.
    side : int
        Pixels along each axis; the whole axis where that is shorter.
    count : int
        Crops at a time.
    generator : torch.Generator
        On the CPU, so that every device sees the same crops.
    valid : Tensor of bool, shape (N, 1, *spatial), optional
        The pixels with data, of which every crop holds some; None means all.

    Yields
    ------
    list of Tensor
        Crops of each tensor, ``(count, ..., *sides)``.
    Tensor or None
        Crops of `valid`.
    """
    data = None if valid is None else valid.cpu().flatten().nonzero()[:, 0]
    while True:
        drawn = draw_crops(batches[-1].shape, side, count, generator, data)
        yield (
            [cropped(each, drawn) for each in batches],
            None if valid is None else cropped(valid, drawn),
        )


def draw_crops(
    shape: Sequence[int],
    side: int,
    count: int,
    generator: torch.Generator,
    data: Tensor | None = None,
) -> list[Crop]:
    """Draw crops about random pixels, moved to lie inside the image.

    Parameters
    ----------
    shape : sequence of int
        ``(N, *spatial)`` of the batch.
    side : int
        Pixels along each axis; the whole axis where that is shorter.
    generator : torch.Generator
        On the CPU.
    data : Tensor of int64, optional
        Flat index of each pixel that has data, so that a crop has some; all have by default.

    Returns
    -------
    list of Crop
        All of one size.
    """
    total = torch.Size(shape).numel() if data is None else len(data)
    drawn = torch.randint(total, (count,), generator=generator)
    pixels = drawn if data is None else data[drawn]
    flips = torch.randint(2, (count,), generator=generator).tolist()
    places = torch.stack(torch.unravel_index(pixels, tuple(shape)), dim=1).tolist()
    return [
        Crop(image, _inside(place, shape[1:], side), bool(flip))
        for (image, *place), flip in zip(places, flips, strict=True)
    ]


def cropped(batch: Tensor, crops: Sequence[Crop]) -> Tensor:
    """Stack the same crops of any tensor over the pixels.

    Parameters
    ----------
    batch : Tensor
        ``(N, ..., *spatial)``.
    crops : sequence of Crop
        Of one size.

    Returns
    -------
    Tensor
        ``(len(crops), ..., *sides)``.
    """
    return torch.stack([crop(batch) for crop in crops])


def _inside(place: Sequence[int], shape: Sequence[int], side: int) -> tuple[slice, ...]:
    lengths = [min(side, n) for n in shape]
    starts = [
        min(max(p - length // 2, 0), n - length)
        for p, n, length in zip(place, shape, lengths, strict=True)
    ]
    return tuple(slice(a, a + length) for a, length in zip(starts, lengths, strict=True))
