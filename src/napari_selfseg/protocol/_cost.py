"""What an iteration of a method takes, from the sizes alone."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Cost", "Problem"]


@dataclass(frozen=True)
class Problem:
    """Sizes of what is to be segmented.

    Attributes
    ----------
    in_channels : int
        Channels of the image.
    pixels : int
        Of all images of the fit, padding included.
    ndim : int
        2 or 3 spatial dimensions.
    itemsize : int
        Bytes of a number in the training: 4 in float32, 2 in bfloat16.
    masked : bool
        Whether some pixels have no data.
    scribbled : bool
        Whether there are scribbles.
    """

    in_channels: int
    pixels: int
    ndim: int
    itemsize: int = 4
    masked: bool = False
    scribbled: bool = False


@dataclass(frozen=True)
class Cost:
    """What an iteration takes.

    Attributes
    ----------
    flops : float
        Additions and multiplications of its convolutions and products, forward and backward.
    moved : float
        Bytes that everything else reads and writes.
    kept : float
        Bytes of all tensors that exist at the same time, at most.
    """

    flops: float
    moved: float
    kept: float
