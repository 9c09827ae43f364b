"""What some methods can do beside labelling an image."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["Smoothing", "Sorting"]


@runtime_checkable
class Smoothing(Protocol):
    """A method whose network also smooths images within superpixels."""

    def smoothed(self, network: nn.Module, x: Tensor, valid: Tensor | None) -> Tensor:
        """Return the smoothed image, ``(N, C, *spatial)`` as `x`, between 0 and 1."""


@runtime_checkable
class Sorting(Protocol):
    """A method whose objects are of several kinds."""

    @property
    def sorts(self) -> bool:
        """Whether there are kinds to tell of, as it is set."""

    @property
    def class_names(self) -> dict[int, str]:
        """Names of kinds, by their numbers from 1, of those that have one."""

    def classes_of(
        self, network: nn.Module, x: Tensor, valid: Tensor | None, labels: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """Return the number of the kind of each object, ``(n,)``, of the objects 1 to n."""
