"""Softmax cross entropy of responses."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def cross_entropy(responses: Tensor, target: Tensor, ignore: int = -1) -> Tensor:
    r"""Softmax cross entropy, averaged over the pixels that have a target.

    .. math:: L = -\frac{1}{|V|} \sum_{n \in V} \log \mathrm{softmax}(y_n)_{c_n},
              \qquad V = \{n : c_n \ne \mathrm{ignore}\}

    Where no pixel has a target the loss and its gradient are 0.

    Parameters
    ----------
    responses : Tensor, shape (N, classes, *spatial)
        Responses y; fast where they are stored channels last.
    target : Tensor of int64, shape (N, *spatial)
        Class index c of each pixel.
    ignore : int
        The target that means none.

    Returns
    -------
    Tensor, shape ()
        In float32 or wider.
    """
    # In rows, as F.cross_entropy copies channels-last maps to planes: three times the time.
    y = responses.movedim(1, -1).reshape(-1, responses.shape[1])
    c = target.reshape(-1)
    size = (c != ignore).sum().clamp(min=1)
    if y.dtype.itemsize > 2:
        return F.cross_entropy(y, c, ignore_index=ignore, reduction="sum") / size
    # A sum in bfloat16 would be off by per cents.
    each = F.cross_entropy(y, c, ignore_index=ignore, reduction="none")
    return each.sum(dtype=torch.float32) / size
