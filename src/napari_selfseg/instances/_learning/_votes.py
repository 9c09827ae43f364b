"""Objects as votes for labels, which are a small number of bits."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_selfseg.instances._network import ObjectNetwork
from napari_selfseg.instances._resolution import enlarged
from napari_selfseg.protocol import Inputs, small

__all__ = ["MOST", "check_count", "votes_of"]

# Labels are kept in 16 bits, one of them for the sign.
MOST: Final = 2**15 - 1


def check_count(labels: list[NDArray[np.int32]]) -> None:
    """Refuse more objects than labels can name."""
    n = max(int(each.max(initial=0)) for each in labels)
    if n > MOST:
        raise ValueError(
            f"There are {n} objects, and labels name {MOST} at most: take a part of the image, or "
            "a smallest size of objects."
        )


def votes_of(
    kinds: list[list[NDArray[np.int32]]], networks: list[ObjectNetwork], inputs: Inputs
) -> tuple[Tensor, Tensor]:
    """Return the objects of all kinds in one map each, and how many there are."""
    shape = tuple(inputs.x.shape[2:])
    found = np.zeros((len(inputs.x), *shape), np.int32)
    for N, labels in zip(networks, kinds, strict=True):
        own = np.stack([enlarged(each, shape, N.steps) for each in labels])
        free = (found == 0) & (own > 0)
        found[free] = own[free] + found.max(initial=0)
    # What is shown on the way may be specks in great numbers; the last are left out.
    found[found > MOST] = 0
    votes = torch.from_numpy(found).to(inputs.x.device)
    return small(votes, MOST), torch.tensor(len(np.unique(found[found > 0])))
