"""The term of the scribbles, and what is left for the method to ask."""

import torch
from torch.nn import functional as F

from napari_selfseg.losses import scribbled

Y = torch.randn(1, 3, 2, 4, generator=torch.Generator().manual_seed(0))
TARGET = torch.tensor([[[0, 1, 2, 0], [1, -1, 0, 2]]])


def test_scribbled_pixels_learn_what_was_drawn_and_nothing_else():
    drawn = torch.tensor([[[-1, 2, 2, -1], [-1, -1, 0, -1]]])
    losses, target = scribbled(Y, TARGET, drawn, 0.5)
    assert target.tolist() == [[[0, -1, -1, 0], [1, -1, -1, 2]]]
    assert TARGET[0, 0, 1] == 1
    expected = 0.5 * F.cross_entropy(Y, drawn, ignore_index=-1)
    torch.testing.assert_close(losses, {"scribbles": expected})


def test_without_scribbles_all_pixels_learn_what_the_method_says():
    losses, target = scribbled(Y, TARGET, None, 0.5)
    assert losses == {}
    assert target is TARGET
