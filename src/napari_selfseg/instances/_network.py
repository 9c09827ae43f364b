r"""A small network that says how likely a pixel lies in an object, from what is around it.

Of the standardised features f of a pixel (`napari_selfseg.instances._filters`), with two hidden
layers,

.. math:: P = \sigma(W_3 (W_2 (W_1 f + b_1)_+ + b_2)_+ + b_3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_selfseg.grid import Grid
from napari_selfseg.instances._filters import FEATURES, REACH, features
from napari_selfseg.instances._finding import Confirmed, confirmed, first_objects, outlined
from napari_selfseg.instances._grey import Look
from napari_selfseg.instances._like._likeness import Examples, described, distances
from napari_selfseg.instances._plausible import Typical
from napari_selfseg.instances._resolution import Steps, relative
from napari_selfseg.instances._seen import Seen, Wanted
from napari_selfseg.instances._shapes import without
from napari_selfseg.machine.threads import side_by_side

__all__ = ["ObjectNetwork", "bytes_at_work"]

# Updates before which a network has no say.
ENOUGH: Final = 20
# Sides of the blocks in which an image is described.
_SIDES: Final = {2: 512, 3: 64}
# Pixels that go through the network together: hidden layers take several times what they see.
_ROWS: Final = 2**15
# Examples that are kept at most.
_EXAMPLES: Final = 16


def bytes_at_work(in_channels: int, width: int, pixels: int, ndim: int) -> float:
    """Return what blocks that are described at the same time hold, whatever else is held.

    Each thread has one, of as many pixels as there are.
    """
    side = _SIDES[ndim]
    inner, outer = float(side**ndim), float((side + 2 * REACH) ** ndim)
    # Features with and without what is around, what they are made of, and two hidden layers.
    block = 4.0 * FEATURES * in_channels * (inner + outer) + 40 * outer + 8 * _ROWS * width
    return block * min(pixels / inner, torch.get_num_threads())


def _linear(n: int, m: int) -> nn.Linear:
    # PyTorch would draw weights from its global generator.
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, n, m)
    return layer


class ObjectNetwork(nn.Module):
    """Likelihood of objects, and what is known of them.

    `width` is the number of hidden units of a layer.
    """

    centre: Tensor
    spread: Tensor
    known: Tensor
    size: Tensor
    step: Tensor
    shown: Tensor
    farthest: Tensor

    def __init__(self, in_channels: int, ndim: int, width: int) -> None:
        super().__init__()
        n = FEATURES * in_channels
        self.layers = nn.Sequential(
            _linear(n, width), nn.ReLU(), _linear(width, width), nn.ReLU(), _linear(width, 1)
        )
        self.register_buffer("centre", torch.zeros(n))
        self.register_buffer("spread", torch.ones(n))
        # Channel, whether dark, what is typical, updates, and whether all this was known from
        # other images before the training. In float32, because Apple's devices have no float64.
        self.register_buffer("known", torch.zeros(8))
        self.register_buffer("size", torch.ones(ndim))
        self.register_buffer("step", torch.ones(ndim))
        # Of each example its size, what it looks like, and what is around it.
        self.register_buffer("shown", torch.zeros(_EXAMPLES, 1 + 2 * in_channels))
        self.register_buffer("farthest", torch.full((1,), math.inf))

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Take over weights; those of earlier versions know no examples."""
        unshown = {"shown": self.shown, "farthest": self.farthest}
        return super().load_state_dict({**unshown, **state_dict}, strict, assign)

    def forward(self, f: Tensor) -> Tensor:
        """Return the logits, ``(n,)``, of ``(n, features)``."""
        found: Tensor = self.layers((f - self.centre) / self.spread)[:, 0]
        return found

    @property
    def look(self) -> Look:
        """How objects look."""
        return Look(int(self.known[0]), bool(self.known[1]))

    @property
    def typical(self) -> Typical:
        """What objects are like."""
        return Typical(*self.known[2:6].tolist())

    @property
    def learned(self) -> bool:
        """Whether it was trained for long enough to decide."""
        return float(self.known[6]) >= ENOUGH

    @property
    def begun(self) -> bool:
        """Whether something is known of what objects are like."""
        return self.typical.size > 0

    @property
    def borrowed(self) -> bool:
        """Whether it has learned from other images before."""
        return bool(self.known[7])

    def borrow(self) -> None:
        """Note that it has learned from other images before."""
        self.known[7] = 1

    def count(self, updates: int) -> None:
        """Keep the number of updates, with those of earlier runs."""
        self.known[6] = updates

    @property
    def spacing(self) -> NDArray[np.float64]:
        """``(ndim,)`` size of a pixel of an image along each axis, with a product of 1."""
        found: NDArray[np.float64] = self.size.cpu().numpy().astype(np.float64)
        return found

    @property
    def steps(self) -> Steps:
        """How many pixels of an image along each axis become one, in which objects are found."""
        return tuple(int(each) for each in self.step.tolist())

    @property
    def coarse_spacing(self) -> NDArray[np.float64]:
        """``(ndim,)`` size of a coarse pixel along each axis, with a product of 1."""
        return relative(self.spacing * self.steps)

    def know(
        self, look: Look, typical: Typical, spacing: NDArray[np.float64], steps: Steps
    ) -> None:
        """Keep what was found out about the images.

        `typical` is in coarse pixels.
        """
        self.known[:6] = torch.tensor([*look, *typical], dtype=torch.float32)
        self.size.copy_(torch.from_numpy(spacing))
        self.step.copy_(torch.tensor(steps))

    def standardise(self, f: Tensor) -> None:
        """Set the scale of the features from those of some pixels, once and for all."""
        self.centre.copy_(f.mean(dim=0))
        self.spread.copy_(f.std(dim=0).clamp(min=1e-6))

    @property
    def examples(self) -> Examples:
        """What somebody has shown."""
        rows = self.shown[self.shown[:, 0] > 0].cpu().numpy().astype(np.float64)
        n = (rows.shape[1] - 1) // 2
        return Examples(rows[:, 0], rows[:, 1 : n + 1], rows[:, n + 1 :])

    def show(self, examples: Examples) -> None:
        """Keep the examples that somebody has shown: the first ones, where there are many."""
        rows = np.column_stack((examples.sizes, examples.inside, examples.around))[:_EXAMPLES]
        self.shown.zero_()
        self.shown[: len(rows)] = torch.from_numpy(rows).to(self.shown)

    def unlike_from(self, distance: float) -> None:
        """Keep the distance from the examples at which unlike objects begin; infinity for none."""
        self.farthest.fill_(distance)

    def alike(
        self, labels: NDArray[np.int32], image: NDArray[np.float32], pixels: int
    ) -> NDArray[np.int32]:
        """Remove objects that are unlike the examples, where there are any.

        Each pixel of the labels stands for `pixels` of the image.
        """
        examples = self.examples
        if not len(examples.sizes) or not labels.any():
            return labels
        d = distances(*described(labels, image, pixels), examples)
        gone = ~np.isfinite(d) | (d > float(self.farthest))
        return without(labels, np.concatenate(([False], gone)))

    def find(self, seen: Seen, wanted: Wanted) -> Confirmed:
        """Find objects like those that were learned."""
        coarse, of_coarse = seen.coarse(self.steps), wanted.coarse(self.steps)
        first = first_objects(coarse, self.look, of_coarse, self.typical)
        first = self.alike(first, coarse.image, math.prod(self.steps))
        likelihood = self.likelihood(coarse.image) if self.learned else None
        found = confirmed(first, likelihood, coarse, of_coarse)
        whole = found.enlarged(seen.image.shape[1:], self.steps)
        final = outlined(whole, seen, self.look, wanted)
        return final._replace(labels=self.alike(final.labels, seen.image, 1))

    def likelihood(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability that each pixel of a coarse image lies in an object."""
        shape = image.shape[1:]
        grid = Grid.even(shape, _SIDES[len(shape)], REACH)
        found = np.empty(shape, np.float32)

        def of(number: int) -> tuple[int, NDArray[np.float32]]:
            seen = features(image[(slice(None), *grid.outer(number))], self.coarse_spacing)
            f = torch.from_numpy(seen[grid.crop(number)])
            with torch.no_grad():
                rows = f.reshape(-1, f.shape[-1]).split(_ROWS)
                p = torch.cat([torch.sigmoid(self(each.to(self.centre.device))) for each in rows])
            return number, p.cpu().numpy().reshape(f.shape[:-1])

        for number, part in side_by_side(of, len(grid)):
            found[grid.inner(number)] = part
        return found

    def described(
        self, image: NDArray[np.float32], pixels: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the features of some pixels, given by their indices in the flat image."""
        shape = image.shape[1:]
        grid = Grid.even(shape, _SIDES[len(shape)], REACH)
        at = np.stack(np.unravel_index(pixels, shape))
        place = [axis // tile for axis, tile in zip(at, grid.tile, strict=True)]
        home = np.ravel_multi_index(place, grid.counts)
        found = np.empty((len(pixels), FEATURES * len(image)), np.float32)

        def of(number: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            here = np.flatnonzero(home == number)
            if not len(here):
                return here, found[:0]
            box = grid.outer(number)
            seen = features(image[(slice(None), *box)], self.coarse_spacing)
            inside = tuple(axis[here] - s.start for axis, s in zip(at, box, strict=True))
            return here, seen[inside]

        for here, rows in side_by_side(of, len(grid)):
            found[here] = rows
        return found
