"""What an iteration of a method takes, from the sizes alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_selfseg.convolving import banded
from napari_selfseg.machine.buffers import lends

if TYPE_CHECKING:
    from napari_selfseg.protocol._method._method import Method

__all__ = ["Cost", "Part", "Problem"]

# A byte that is read or written takes as long as so many operations, about, on processors and on
# GPUs. It weighs what grows with the image against what does not; how long anything takes is
# measured.
OPERATIONS_A_BYTE: Final = 10


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
    cpu : bool
        Whether it is done on the processor.
    """

    in_channels: int
    pixels: int
    ndim: int
    itemsize: int = 4
    masked: bool = False
    scribbled: bool = False
    cpu: bool = True

    @property
    def lean(self) -> bool:
        """Whether normalised maps are made again, and a loss keeps its gradient alone."""
        return self.cpu and self.itemsize > 2 and not self.masked

    def lent(self, channels: float, *, coarse: int = 1, convolved: bool = False) -> float:
        """Return what maps take of the memory that is used again, which has no gaps.

        Parameters
        ----------
        coarse : int
            Pixels of the image that one of theirs stands for.
        convolved : bool
            Whether they are the result of a convolution; or of a normalisation or a loss.

        Returns
        -------
        float
            Bytes of all of it, or 0 where such maps are left to the heap of the C library.
        """
        numbers = self.pixels / coarse * channels
        ours = self.cpu and self.itemsize == 4 and (convolved or self.lean)
        again = banded(numbers) if convolved else lends(numbers)
        return numbers * self.itemsize if ours and again else 0.0


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
    lent : float
        Those of them that lie in memory which is used again; see `Problem.lent`.
    """

    flops: float
    moved: float
    kept: float
    lent: float = 0.0

    @property
    def work(self) -> float:
        """All of it as operations: two problems take times in this proportion."""
        return self.flops + OPERATIONS_A_BYTE * self.moved


@dataclass(frozen=True)
class Part:
    """Updates of one kind, of which a run makes some.

    Attributes
    ----------
    method : Method
        One that makes updates of this kind from its first on.
    updates : int
        How many the run makes.
    """

    method: Method
    updates: int
