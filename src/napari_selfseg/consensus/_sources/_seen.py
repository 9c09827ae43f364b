"""What every source is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.superpixels import lab

__all__ = ["LabelMap", "Seen", "Source"]


class LabelMap(NamedTuple):
    """A label map of an image.

    Attributes
    ----------
    family : str
        Maps of one name count as one.
    labels : ndarray of int
        ``(*spatial)`` from 0; anything where there are no data.
    n : int
        Number of labels.
    mixed : bool
        Whether the shares of all labels among the pixels of a superpixel speak, or their most
        frequent one alone.
    """

    family: str
    labels: NDArray[Any]
    n: int
    mixed: bool


@dataclass(frozen=True)
class Seen:
    """An image as the sources see it.

    Attributes
    ----------
    image : ndarray of float32
        ``(*spatial, C)`` between 0 and 1.
    mask : ndarray of bool
        ``(*spatial)``, True where there are data; somewhere.
    seed : int
        Of what is drawn at random.
    """

    image: NDArray[np.float32]
    mask: NDArray[np.bool_]
    seed: int

    @cached_property
    def colours(self) -> NDArray[np.float32]:
        """``(*spatial, C)`` CIE Lab of three channels, the channels times 100 otherwise.

        Where there are no data, their mean.
        """
        found = lab(self.image).astype(np.float32)
        if not self.mask.all():
            found[~self.mask] = found[self.mask].mean(axis=0, dtype=np.float64)
        return found

    @cached_property
    def light(self) -> NDArray[np.float32]:
        """``(*spatial)`` lightness of Lab; otherwise the first principal component."""
        if self.image.shape[-1] in (1, 3):
            return self.colours[..., 0]
        points = self.colours[self.mask].astype(np.float64)
        points -= points.mean(axis=0)
        axis = np.linalg.eigh(points.T @ points)[1][:, -1]
        axis *= np.sign(axis.sum()) or 1.0  # bright stays bright
        found: NDArray[np.float32] = self.colours @ axis.astype(np.float32)
        return found


Source: TypeAlias = Callable[[Seen], Iterator[LabelMap]]
