"""What a network learns in an update: pixels of objects and of background, drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_selfseg.instances._learning._examples import examples
from napari_selfseg.instances._network import ObjectNetwork
from napari_selfseg.instances._seen import Seen

__all__ = ["TrainingSet", "training_set"]

# Pixels of an update.
BATCH: Final = 1024
# Noise on the features, in their standard deviations.
NOISE: Final = 0.3


@dataclass(frozen=True)
class TrainingSet:
    """A training set: pixels, and what they are.

    Attributes
    ----------
    features : Tensor
        ``(n, features)``.
    classes : Tensor
        ``(n,)`` 1 in objects, 0 elsewhere.
    weights : Tensor
        ``(n,)`` how often each is drawn.
    """

    network: ObjectNetwork
    features: Tensor
    classes: Tensor
    weights: Tensor

    def loss(self, generator: torch.Generator) -> Tensor:
        """Return the cross entropy of some pixels.

        `generator` draws them, and the noise on them.
        """
        f, y = self.features, self.classes
        drawn = torch.multinomial(self.weights, BATCH, replacement=True, generator=generator)
        noise = NOISE * torch.randn(BATCH, f.shape[1], generator=generator)
        seen = f[drawn] + noise.to(f) * self.network.spread
        return nn.functional.binary_cross_entropy_with_logits(self.network(seen), y[drawn])


def training_set(
    N: ObjectNetwork,
    images: Sequence[Seen],
    first: Sequence[NDArray[np.int32]],
    drawn: Sequence[NDArray[np.int64] | None],
    seed: int,
    check: Callable[[], Any],
) -> TrainingSet | None:
    """Return the training set of a network; None where there is not enough to learn from.

    `first` are the plausible objects and `drawn` the strokes of each image, as for `examples`, both
    in coarse pixels. `check` is called now and then and raises where a run is to stop.
    """
    rng = np.random.default_rng(seed)
    rows, classes = [], []
    for whole, labels, strokes in zip(images, first, drawn, strict=True):
        check()
        seen = whole.coarse(N.steps)
        taught = examples(labels, seen.valid, strokes, seen.spacing, rng)
        if taught.enough:
            pixels = np.concatenate(taught)
            rows.append(N.described(seen.image, pixels))
            classes += [np.ones(len(taught.objects)), np.zeros(len(taught.background))]
    if not rows:
        return None
    y = np.concatenate(classes).astype(np.float32)
    weights = np.where(y > 0, 0.5 / y.sum(), 0.5 / (1 - y).sum())
    device = N.centre.device
    f = torch.from_numpy(np.concatenate(rows)).to(device)
    if not N.borrowed:
        N.standardise(f)
    return TrainingSet(N, f, torch.from_numpy(y).to(device), torch.from_numpy(weights))
