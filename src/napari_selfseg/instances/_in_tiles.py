"""Objects of an image larger than memory: what holds for all of it is known to every tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from torch import nn

from napari_selfseg.instances._filters import REACH
from napari_selfseg.instances._grey import Levels, Look, foot_of, oriented
from napari_selfseg.instances._network import ObjectNetwork
from napari_selfseg.instances._plausible import smoothed, span_of
from napari_selfseg.instances._resolution import COARSEST
from napari_selfseg.instances._seen import Seen, Sizes, Wanted, Whole
from napari_selfseg.instances._shapes import radius
from napari_selfseg.protocol import Found, ImagePart

__all__ = ["InTiles"]

# How far a tile reads beyond itself: what filters need, and diameters of large objects. What is
# larger than that at most is found in pieces, which are joined.
_FILTERS: Final = REACH + 8
_DIAMETERS: Final = 2
_FARTHEST: Final = {2: 512, 3: 64}
# Of the objects of the samples, this part is no larger than a large one.
_LARGE: Final = 99.0


@dataclass(frozen=True)
class InTiles:
    """See `napari_selfseg.protocol.Tilewise`."""

    wanted: Wanted

    def farthest(self, ndim: int) -> int:
        """See `Tilewise.farthest`."""
        return _FARTHEST[ndim]

    def learn(
        self,
        network: nn.Module,
        parts: Sequence[ImagePart],
        windows: Sequence[ImagePart],
        shape: tuple[int, ...],
    ) -> Found:
        """See `Tilewise.learn`."""
        N = _of_one_kind(network)
        seen = [_seen(N, each) for each in windows]
        levels = _levels(seen, N.look), _levels([each.coarse(N.steps) for each in seen], N.look)
        whole = Whole(shape, *levels)
        found = [N.find(_seen(N, each, whole), self.wanted) for each in parts]
        # Of a part without objects nothing is typical.
        sizes = [each.sizes for each in found if each.sizes.first] or [Sizes()]
        objects = [np.bincount(each.labels.ravel())[1:] for each in found]
        pixels = np.concatenate([*objects, np.zeros(1)])
        return {
            "shape": np.array(shape, np.int64),
            "levels": np.array(levels, np.float64),
            "sizes": np.median(np.array(sizes, np.float64), axis=0),
            "large": np.percentile(pixels, _LARGE),
        }

    def halo(self, network: nn.Module, known: Found) -> tuple[int, ...]:
        """See `Tilewise.halo`."""
        N = _of_one_kind(network)
        wide = 2 * _DIAMETERS * radius(float(known["large"]), len(N.steps))
        needed = np.ceil((_FILTERS * np.array(N.steps) + wide / N.spacing) / COARSEST) * COARSEST
        return tuple(int(min(each, _FARTHEST[len(N.steps)])) for each in needed)

    def find(self, network: nn.Module, known: Found, part: ImagePart) -> NDArray[Any]:
        """See `Tilewise.find`."""
        N = _of_one_kind(network)
        fine, coarse = (Levels(*each) for each in known["levels"].tolist())
        sizes = Sizes(*known["sizes"].tolist())
        whole = Whole(tuple(known["shape"].tolist()), fine, coarse, sizes)
        return N.find(_seen(N, part, whole), self.wanted).labels


def _of_one_kind(network: nn.Module) -> ObjectNetwork:
    if isinstance(network, nn.ModuleList):
        raise ValueError(
            "Objects of several kinds are found in an image as a whole, and tiles are parts of it: "
            "take a smaller part of the image, or a fit of one kind."
        )
    return cast(ObjectNetwork, network)


def _seen(N: ObjectNetwork, part: ImagePart, whole: Whole | None = None) -> Seen:
    return Seen(part.image, part.valid, N.spacing, whole, part.ends)


def _levels(windows: Sequence[Seen], look: Look) -> Levels:
    top = max(float(each.image[look.channel].max(initial=0)) for each in windows)
    grey: list[NDArray[np.float32]] = []
    smooth: list[NDArray[np.float32]] = []
    for each in windows:
        own = oriented(each.image[look.channel], dark=look.dark, top=top)
        for values, into in ((own, grey), (smoothed(own, each.spacing), smooth)):
            into.append(values.ravel() if each.valid is None else values[each.valid])
    return Levels(top, *span_of(np.concatenate(smooth)), *foot_of(np.concatenate(grey)))
